//! JPEG made of waves, in any passes: more kinds than encoders write.

/// A picture as its waves.
#[derive(Clone, Debug)]
pub struct Waves {
    pub width: u16,
    pub height: u16,
    pub components: Vec<Component>,
    /// Units between two marks at which reading may begin again; 0: none.
    pub restart: u16,
    /// What Adobe's segment says of the colours.
    pub adobe: Option<u8>,
    /// How often all of it stands below itself. Beyond once each row of blocks is coded by itself, and once for all.
    pub repeats: u16,
}

#[derive(Clone, Debug)]
pub struct Component {
    pub across: u8,
    pub down: u8,
    /// From coarse to fine.
    pub quantisers: [u8; 64],
    /// Blocks in a row, with those that nobody sees.
    pub n_wide: usize,
    pub n_high: usize,
    /// From coarse to fine, block by block.
    pub blocks: Vec<[i16; 64]>,
}

/// One pass of a progressive picture.
#[derive(Clone, Debug)]
pub struct Pass {
    pub components: Vec<usize>,
    pub from: u8,
    pub to: u8,
    pub high: u8,
    pub low: u8,
}

impl Pass {
    pub fn of(components: &[usize], (from, to): (u8, u8), (high, low): (u8, u8)) -> Pass {
        Pass { components: components.to_vec(), from, to, high, low }
    }
}

impl Waves {
    /// Of components with such factors; `block` says the waves of each block, by component, column and row.
    pub fn new(
        (width, height): (u16, u16),
        factors: &[(u8, u8)],
        mut block: impl FnMut(usize, usize, usize) -> [i16; 64],
    ) -> Waves {
        let most = |of: fn(&(u8, u8)) -> u8| usize::from(factors.iter().map(of).max().unwrap());
        let units_wide = usize::from(width).div_ceil(8 * most(|factors| factors.0));
        let units_high = usize::from(height).div_ceil(8 * most(|factors| factors.1));
        let components = factors.iter().enumerate().map(|(n, (across, down))| {
            let (n_wide, n_high) = (units_wide * usize::from(*across), units_high * usize::from(*down));
            let blocks = (0..n_wide * n_high).map(|at| block(n, at % n_wide, at / n_wide)).collect();
            Component { across: *across, down: *down, quantisers: [8; 64], n_wide, n_high, blocks }
        });
        let components = components.collect();
        Waves { width, height, components, restart: 0, adobe: None, repeats: 1 }
    }

    /// The largest factors.
    pub fn most(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> u8| usize::from(self.components.iter().map(of).max().unwrap());
        (most(|component| component.across), most(|component| component.down))
    }

    /// All at once.
    pub fn baseline(&self) -> Vec<u8> {
        let all: Vec<usize> = (0..self.components.len()).collect();
        self.sequential(&[&all])
    }

    /// Each pass with all of some components.
    pub fn sequential(&self, passes: &[&[usize]]) -> Vec<u8> {
        let passes: Vec<Pass> = passes.iter().map(|components| Pass::of(components, (0, 63), (0, 0))).collect();
        self.file(0xc1, &passes)
    }

    /// In these passes.
    pub fn progressive(&self, passes: &[Pass]) -> Vec<u8> {
        self.file(0xc2, passes)
    }

    /// In the passes that most encoders make.
    pub fn as_usual(&self) -> Vec<u8> {
        let n = self.components.len();
        let all: Vec<usize> = (0..n).collect();
        let mut passes = vec![Pass::of(&all, (0, 0), (0, 1)), Pass::of(&[0], (1, 5), (0, 2))];
        passes.extend((1..n).rev().map(|one| Pass::of(&[one], (1, 63), (0, 1))));
        passes.extend([
            Pass::of(&[0], (6, 63), (0, 2)),
            Pass::of(&[0], (1, 63), (2, 1)),
            Pass::of(&all, (0, 0), (1, 0)),
        ]);
        passes.extend((0..n).rev().map(|one| Pass::of(&[one], (1, 63), (1, 0))));
        self.progressive(&passes)
    }

    fn file(&self, kind: u8, passes: &[Pass]) -> Vec<u8> {
        let mut file = vec![0xff, 0xd8];
        if let Some(adobe) = self.adobe {
            segment(&mut file, 0xee, &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[adobe]].concat());
        }
        for (n, component) in (0..).zip(&self.components) {
            segment(&mut file, 0xdb, &[&[n][..], &component.quantisers].concat());
        }
        let mut head = vec![8];
        head.extend((self.height * self.repeats).to_be_bytes());
        head.extend(self.width.to_be_bytes());
        head.push(u8::try_from(self.components.len()).unwrap());
        for (n, component) in (0..).zip(&self.components) {
            head.extend([n + 1, component.across << 4 | component.down, n]);
        }
        segment(&mut file, kind, &head);
        segment(&mut file, 0xc4, &first_codes());
        segment(&mut file, 0xc4, &rest_codes());
        for pass in passes {
            let (row, units) = self.units(pass);
            let restart = if self.repeats > 1 { row } else { self.restart };
            if restart > 0 {
                segment(&mut file, 0xdd, &restart.to_be_bytes());
            }
            let mut said = vec![u8::try_from(pass.components.len()).unwrap()];
            for component in &pass.components {
                said.extend([u8::try_from(component + 1).unwrap(), 0]);
            }
            said.extend([pass.from, pass.to, pass.high << 4 | pass.low]);
            segment(&mut file, 0xda, &said);
            let parts = self.coded(pass, &units, restart, kind == 0xc2);
            let n_parts = parts.len() * usize::from(self.repeats);
            for (part, number) in parts.iter().cycle().take(n_parts).zip((0..8).cycle()) {
                file.extend(part);
                file.extend([0xff, 0xd0 + number]);
            }
            file.truncate(file.len() - 2);
        }
        file.extend([0xff, 0xd9]);
        file
    }

    /// How many units are in a row of a pass, and of which blocks each is made: component and place.
    fn units(&self, pass: &Pass) -> (u16, Vec<Vec<(usize, usize)>>) {
        if let [one] = pass.components.as_slice() {
            // Alone, and without what nobody sees.
            let component = &self.components[*one];
            let (across, down) = self.most();
            let seen = |side: u16, factor: u8, most: usize| {
                (usize::from(side) * usize::from(factor)).div_ceil(most).div_ceil(8)
            };
            let wide = seen(self.width, component.across, across);
            let high = seen(self.height, component.down, down);
            let unit = |at: usize| vec![(*one, at / wide * component.n_wide + at % wide)];
            return (u16::try_from(wide).unwrap(), (0..wide * high).map(unit).collect());
        }
        let first = &self.components[0];
        let (wide, high) = (first.n_wide / usize::from(first.across), first.n_high / usize::from(first.down));
        let unit = |at: usize| {
            let mut blocks = Vec::new();
            for one in &pass.components {
                let component = &self.components[*one];
                let (across, down) = (usize::from(component.across), usize::from(component.down));
                for y in 0..down {
                    for x in 0..across {
                        let row = at / wide * down + y;
                        blocks.push((*one, row * component.n_wide + at % wide * across + x));
                    }
                }
            }
            blocks
        };
        (u16::try_from(wide).unwrap(), (0..wide * high).map(unit).collect())
    }

    /// The bits of a pass, part by part.
    fn coded(&self, pass: &Pass, units: &[Vec<(usize, usize)>], restart: u16, is_progressive: bool) -> Vec<Vec<u8>> {
        let length = if restart == 0 { units.len() } else { usize::from(restart) };
        let part = |units: &[Vec<(usize, usize)>]| {
            let (mut coder, mut bytes) = (Coder::default(), Vec::new());
            for (one, at) in units.iter().flatten() {
                let waves = &self.components[*one].blocks[*at];
                if is_progressive {
                    coder.part(*one, waves, pass, &mut bytes);
                } else {
                    coder.whole(*one, waves, &mut bytes);
                }
            }
            coder.end(&mut bytes);
            bytes
        };
        units.chunks(length).map(part).collect()
    }
}

fn segment(file: &mut Vec<u8>, marker: u8, said: &[u8]) {
    file.extend([0xff, marker]);
    file.extend(u16::try_from(said.len() + 2).unwrap().to_be_bytes());
    file.extend(said);
}

/// Twelve codes of four bits.
fn first_codes() -> Vec<u8> {
    let mut said = vec![0];
    said.extend([0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    said.extend(0..12);
    said
}

/// A hundred of eight bits, fifty-six of nine, a hundred of twelve: in the order of the symbols.
fn rest_codes() -> Vec<u8> {
    let mut said = vec![0x10];
    said.extend([0, 0, 0, 0, 0, 0, 0, 100, 56, 0, 0, 100, 0, 0, 0, 0]);
    said.extend(0..=255);
    said
}

#[derive(Default)]
struct Coder {
    bits: u64,
    n: u32,
    before: [i32; 4],
    /// Blocks that bring nothing new, and what they say of what is there.
    run: u32,
    more: Vec<bool>,
}

impl Coder {
    fn put(&mut self, bits: u32, n: u32, file: &mut Vec<u8>) {
        self.bits = self.bits << n | u64::from(bits);
        self.n += n;
        while self.n >= 8 {
            self.n -= 8;
            let byte = u8::try_from(self.bits >> self.n & 0xff).unwrap();
            file.push(byte);
            if byte == 0xff {
                file.push(0);
            }
        }
    }

    fn end(&mut self, file: &mut Vec<u8>) {
        self.flush(file);
        if self.n > 0 {
            self.put((1 << (8 - self.n)) - 1, 8 - self.n, file);
        }
    }

    fn symbol(&mut self, symbol: u32, file: &mut Vec<u8>) {
        match symbol {
            0..100 => self.put(symbol, 8, file),
            100..156 => self.put(symbol + 100, 9, file),
            _ => self.put(2_048 + symbol - 156, 12, file),
        }
    }

    /// A number of either sign in its fewest bits.
    fn number(&mut self, value: i32, file: &mut Vec<u8>) {
        let n = length(value);
        let value = if value < 0 { value + (1 << n) - 1 } else { value };
        self.put(u32::try_from(value).unwrap(), n, file);
    }

    fn first(&mut self, one: usize, value: i32, file: &mut Vec<u8>) {
        let difference = value - self.before[one];
        self.before[one] = value;
        self.put(length(difference), 4, file);
        self.number(difference, file);
    }

    fn whole(&mut self, one: usize, waves: &[i16; 64], file: &mut Vec<u8>) {
        self.first(one, waves[0].into(), file);
        let mut zeros = 0;
        for wave in waves.iter().skip(1).copied().map(i32::from) {
            if wave == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                self.symbol(0xf0, file);
                zeros -= 16;
            }
            self.symbol(zeros << 4 | length(wave), file);
            self.number(wave, file);
            zeros = 0;
        }
        if zeros > 0 {
            self.symbol(0, file);
        }
    }

    fn part(&mut self, one: usize, waves: &[i16; 64], pass: &Pass, file: &mut Vec<u8>) {
        match (pass.from, pass.high) {
            (0, 0) => self.first(one, i32::from(waves[0]) >> pass.low, file),
            (0, _) => self.put(u32::from(waves[0] >> pass.low & 1 == 1), 1, file),
            (_, 0) => self.rest(waves, pass, file),
            _ => self.again(waves, pass, file),
        }
    }

    fn rest(&mut self, waves: &[i16; 64], pass: &Pass, file: &mut Vec<u8>) {
        let mut zeros = 0;
        for wave in band(waves, pass) {
            let value = (wave.abs() >> pass.low) * wave.signum();
            if value == 0 {
                zeros += 1;
                continue;
            }
            self.flush(file);
            while zeros > 15 {
                self.symbol(0xf0, file);
                zeros -= 16;
            }
            self.symbol(zeros << 4 | length(value), file);
            self.number(value, file);
            zeros = 0;
        }
        if zeros > 0 {
            self.run += 1;
            if self.run == 0x7fff {
                self.flush(file);
            }
        }
    }

    fn again(&mut self, waves: &[i16; 64], pass: &Pass, file: &mut Vec<u8>) {
        let values: Vec<(i32, bool)> = band(waves, pass).map(|wave| (wave.abs() >> pass.low, wave < 0)).collect();
        let last_new = values.iter().rposition(|(value, _)| *value == 1);
        let (mut zeros, mut more) = (0, Vec::new());
        for (at, (value, is_negative)) in values.iter().enumerate() {
            if *value == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 && last_new.is_some_and(|last| at <= last) {
                self.flush(file);
                self.symbol(0xf0, file);
                zeros -= 16;
                self.all(&mut more, file);
            }
            if *value > 1 {
                more.push(value & 1 == 1);
                continue;
            }
            self.flush(file);
            self.symbol(zeros << 4 | 1, file);
            self.put(u32::from(!is_negative), 1, file);
            self.all(&mut more, file);
            zeros = 0;
        }
        if zeros > 0 || !more.is_empty() {
            self.run += 1;
            self.more.append(&mut more);
            if self.run == 0x7fff || self.more.len() > 900 {
                self.flush(file);
            }
        }
    }

    fn all(&mut self, bits: &mut Vec<bool>, file: &mut Vec<u8>) {
        for bit in bits.drain(..) {
            self.put(u32::from(bit), 1, file);
        }
    }

    fn flush(&mut self, file: &mut Vec<u8>) {
        if self.run > 0 {
            let n = self.run.ilog2();
            self.symbol(n << 4, file);
            self.put(self.run - (1 << n), n, file);
            self.run = 0;
            let mut more = std::mem::take(&mut self.more);
            self.all(&mut more, file);
        }
    }
}

fn band<'a>(waves: &'a [i16; 64], pass: &Pass) -> impl Iterator<Item = i32> + 'a {
    waves[usize::from(pass.from)..=usize::from(pass.to)].iter().copied().map(i32::from)
}

/// Bits of a number without its sign.
fn length(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}
