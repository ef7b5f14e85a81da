//! Chance that is the same in each run, and words that come as often as words do.

/// A small generator (xorshift64*); nothing here has to be unpredictable.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed | 1)
    }
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n.max(1)).unwrap_or(1);
        usize::try_from((self.next() >> 11) % n).unwrap_or(0)
    }
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    /// Small numbers much more often than large ones: a tenth of the people write most of the posts.
    pub fn skewed(&mut self, n: usize) -> usize {
        let (a, b) = (self.below(n), self.below(n));
        a * b / n.max(1)
    }
}

/// A vocabulary.
pub struct Words(Vec<String>);

impl Words {
    pub fn new() -> Words {
        const SYLLABLES: [&str; 20] = [
            "ta", "lo", "mi", "ra", "ne", "su", "ko", "ve", "da", "pi", "ul", "en", "or", "is", "ab", "fe", "go", "hy",
            "ju", "wy",
        ];
        let syllable = |n: usize| SYLLABLES.get(n % SYLLABLES.len()).copied().unwrap_or("ta");
        let word = |n: usize| {
            let end = if n.is_multiple_of(3) { syllable(n / 400 + n) } else { "" };
            format!("{}{}{end}", syllable(n), syllable(n / 20 + 7))
        };
        Words((0..4_000).map(word).collect())
    }
    /// Some 90 characters on average.
    pub fn sentence(&self, dice: &mut Dice) -> String {
        let n = 6 + dice.below(24);
        let words: Vec<&str> =
            (0..n).map(|_| self.0.get(dice.skewed(self.0.len())).map_or("ta", String::as_str)).collect();
        words.join(" ")
    }
}
