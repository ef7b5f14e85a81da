//! What many wait for at the same moment is asked or written once for all of them: one transaction, and one statement for
//! each table. Whoever comes while others are being served waits for the next turn, so that nobody waits for company.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use phiomia_model::{Error, Fault, Refusal};
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::error::{Cause, cause};

/// At most so many are served in one turn ...
const MOST: usize = 64;
/// ... and none is added to what weighs this much, in bytes.
const HEAVIEST: usize = 1 << 20;

/// Those who wait for the same kind of work.
pub struct Together<I, O> {
    waiting: Mutex<VecDeque<Waiting<I, O>>>,
    /// Held by whoever works for all that wait.
    turn: tokio::sync::Mutex<()>,
    weigh: fn(&I) -> usize,
}

/// One of them, and where they hear what became of it.
type Waiting<I, O> = (Arc<I>, oneshot::Sender<Told<O>>);

/// What one of many is told.
enum Told<O> {
    Outcome(Result<O, Error>),
    /// It failed for all, and perhaps for the fault of one: everybody tries it alone.
    Alone,
}

impl<I, O> Together<I, O> {
    /// `weigh`: bytes of one, about.
    #[must_use]
    pub fn new(weigh: fn(&I) -> usize) -> Together<I, O> {
        Together { waiting: Mutex::default(), turn: tokio::sync::Mutex::default(), weigh }
    }

    /// Has `item` served, with others or alone. `work` serves some in the order they came, all or none of them, and gives
    /// what each wants to know; everybody's does the same, and it may be done twice for one of them.
    ///
    /// # Errors
    /// What `work` gave for this one: because of another it does not fail, unless nothing can be done for anybody just now.
    pub async fn ask<W, F>(&self, item: I, work: W) -> Result<O, Error>
    where
        W: Fn(Vec<Arc<I>>) -> F,
        F: Future<Output = Result<Vec<O>, Error>>,
    {
        let item = Arc::new(item);
        loop {
            match self.told(&item, &work).await {
                Some(Told::Outcome(outcome)) => return outcome,
                Some(Told::Alone) => {
                    return work(vec![item]).await?.pop().ok_or_else(|| Fault::new("nothing was done for one").into());
                }
                // Who worked for us is gone.
                None => {}
            }
        }
    }

    async fn told<W, F>(&self, item: &Arc<I>, work: &W) -> Option<Told<O>>
    where
        W: Fn(Vec<Arc<I>>) -> F,
        F: Future<Output = Result<Vec<O>, Error>>,
    {
        let mut told = self.queue(item.clone());
        let _turn = tokio::select! {
            biased;
            told = &mut told => return told.ok(),
            turn = self.turn.lock() => turn,
        };
        loop {
            match told.try_recv() {
                Ok(told) => return Some(told),
                Err(TryRecvError::Closed) => return None,
                // There may be more before us than one turn serves.
                Err(TryRecvError::Empty) => self.serve(work).await,
            }
        }
    }

    fn queue(&self, item: Arc<I>) -> oneshot::Receiver<Told<O>> {
        let (tell, told) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((item, tell));
        told
    }

    /// The first of those who wait. Who is gone needs nothing.
    fn next(&self) -> (Vec<Arc<I>>, Vec<oneshot::Sender<Told<O>>>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut items, mut tells, mut weight) = (Vec::new(), Vec::new(), 0_usize);
        while items.len() < MOST
            && weight < HEAVIEST
            && let Some((item, tell)) = waiting.pop_front()
        {
            if !tell.is_closed() {
                weight = weight.saturating_add((self.weigh)(&item));
                items.push(item);
                tells.push(tell);
            }
        }
        (items, tells)
    }

    async fn serve<W, F>(&self, work: &W)
    where
        W: Fn(Vec<Arc<I>>) -> F,
        F: Future<Output = Result<Vec<O>, Error>>,
    {
        let (items, tells) = self.next();
        let n = items.len();
        let outcome = match work(items).await {
            Ok(answers) if answers.len() != n => Err(Fault::new("not everybody was served").into()),
            outcome => outcome,
        };
        let mut answers = outcome.map(Vec::into_iter);
        let n_served = tells.len();
        for tell in tells {
            let told = match &mut answers {
                Ok(answers) => answers.next().map_or(Told::Alone, |answer| Told::Outcome(Ok(answer))),
                Err(error) => match for_all(error) {
                    Some(error) => Told::Outcome(Err(error)),
                    None if n_served > 1 => Told::Alone,
                    None => Told::Outcome(Err(std::mem::replace(error, Fault::new("told already").into()))),
                },
            };
            // Whoever is gone needs no answer.
            let _ = tell.send(told);
        }
    }
}

impl<I, O> Default for Together<I, O> {
    /// For what weighs nothing.
    fn default() -> Together<I, O> {
        Together::new(|_| 0)
    }
}

/// The same error for everybody, where it is nobody's fault: trying it alone would end in it, too. A row that somebody else
/// has in hand is wanted by one of them, perhaps.
fn for_all(error: &Error) -> Option<Error> {
    match error {
        Error::Refused(Refusal::Unavailable { retry_after }) => {
            Some(Refusal::Unavailable { retry_after: *retry_after }.into())
        }
        Error::Broken(fault) if fault.is_transient() && cause(fault) != Cause::Contention => {
            Some(Fault::new(fault.chain()).transient().into())
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use std::{future::pending, time::Duration};

    use super::{super::error::fault, *};

    type Numbers = Together<u32, u32>;

    /// Doubles numbers and notes which came together; 13 is bad luck for all, and somebody else has 17 in hand.
    async fn double(turns: &Mutex<Vec<Vec<u32>>>, numbers: Vec<Arc<u32>>) -> Result<Vec<u32>, Error> {
        let numbers: Vec<u32> = numbers.iter().map(|n| **n).collect();
        turns.lock().unwrap().push(numbers.clone());
        // Those who come meanwhile wait for the next turn.
        tokio::task::yield_now().await;
        match numbers {
            bad if bad.contains(&13) => Err(Fault::new("13").into()),
            wanted if wanted.contains(&17) => Err(fault("writing", Cause::Contention, "17".to_owned()).into()),
            good => Ok(good.iter().map(|n| n * 2).collect()),
        }
    }

    async fn ask_all(numbers: &[u32]) -> (Vec<Result<u32, Error>>, Vec<Vec<u32>>) {
        let (together, turns) = (Numbers::default(), Mutex::default());
        let asking = numbers.iter().map(|n| together.ask(*n, |numbers| double(&turns, numbers)));
        let answers = futures_util::future::join_all(asking).await;
        (answers, turns.into_inner().unwrap())
    }

    #[tokio::test]
    async fn who_comes_while_others_are_served_is_served_next_and_in_order() {
        let (answers, turns) = ask_all(&[1, 2, 3]).await;
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!((answers, turns), (vec![2, 4, 6], vec![vec![1], vec![2, 3]]));
    }

    #[tokio::test]
    async fn one_that_fails_fails_alone() {
        let (answers, turns) = ask_all(&[1, 2, 13, 3]).await;
        let answers: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(2), Some(4), None, Some(6)]);
        assert_eq!(turns, [vec![1], vec![2, 13, 3], vec![2], vec![13], vec![3]]);
    }

    #[tokio::test]
    async fn what_one_wants_and_somebody_else_has_keeps_nobody_else() {
        let (answers, _) = ask_all(&[1, 2, 17, 3]).await;
        assert!(matches!(&answers[2], Err(Error::Broken(fault)) if fault.is_transient()));
        let answers: Vec<Option<u32>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(2), Some(4), None, Some(6)]);
    }

    #[tokio::test]
    async fn what_nobody_can_be_served_with_is_not_tried_by_each() {
        let together = Numbers::default();
        let turns = Mutex::new(0);
        let away = async |_: Vec<Arc<u32>>| {
            *turns.lock().unwrap() += 1;
            tokio::task::yield_now().await;
            Err::<Vec<u32>, Error>(Fault::new("away").transient().into())
        };
        let answers = futures_util::future::join_all((0..10).map(|n| together.ask(n, &away))).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Broken(fault)) if fault.is_transient())));
        assert_eq!(*turns.lock().unwrap(), 2);
    }

    #[tokio::test]
    async fn when_the_one_who_works_for_all_is_gone_another_does() {
        let together = Arc::new(Numbers::default());
        let turns: Arc<Mutex<Vec<Vec<u32>>>> = Arc::default();
        let leading = together.clone();
        let gone = tokio::spawn(async move { leading.ask(1, |_| pending()).await });
        while together.turn.try_lock().is_ok() {
            tokio::task::yield_now().await;
        }
        let (waiting, noting) = (together.clone(), turns.clone());
        let second = tokio::spawn(async move { waiting.ask(2, |numbers| double(&noting, numbers)).await });
        while together.waiting.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        gone.abort();
        let answer = tokio::time::timeout(Duration::from_secs(10), second).await.unwrap().unwrap();
        assert_eq!((answer.unwrap(), turns.lock().unwrap().clone()), (4, vec![vec![2]]));
    }

    #[tokio::test]
    async fn a_turn_serves_so_many_and_nobody_is_forgotten() {
        let together: Together<u32, u32> = Together::new(|_| HEAVIEST / 4);
        let turns = Mutex::default();
        let asking = (0..10).map(|n| together.ask(n, |numbers| double(&turns, numbers)));
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.into_iter().map(Result::unwrap).eq((0..10).map(|n| n * 2)));
        let sizes: Vec<usize> = turns.lock().unwrap().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, 4, 4, 1]);
    }
}
