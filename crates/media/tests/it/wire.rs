//! What the server and its child say to each other.

use image::ImageFormat;
use phiomia_media::{
    Purpose, Unfit, prepare,
    wire::{Task, answer, understand},
};

use crate::made::{file, flag, gif};

fn ask(bytes: &[u8]) -> Vec<u8> {
    answer(&[Task::Picture(Purpose::Attachment).line().as_slice(), bytes].concat()).expect("a task")
}

#[test]
fn a_picture_comes_back_as_it_was_made() {
    for bytes in [file(&flag(900, 700), ImageFormat::Png), gif(30, 20, 3)] {
        assert_eq!(understand(&ask(&bytes)), Some(prepare(&bytes, Purpose::Attachment)));
    }
    assert_eq!(understand(&ask(b"no picture")), Some(Err(Unfit::UnknownKind)));
}

#[test]
fn an_answer_that_is_cut_short_is_none() {
    let said = ask(&file(&flag(90, 70), ImageFormat::Png));
    for end in [0, 1, 20, said.len() / 2, said.len() - 1] {
        assert_eq!(understand(&said[..end]), None);
    }
}

#[test]
fn who_asks_for_nothing_gets_nothing() {
    assert_eq!(answer(b""), None);
    assert_eq!(answer(b"{\"Film\":1}\nbytes"), None);
}
