//! Times of the frames between two pictures: how many, or which.

use clap::Args;

/// Most in-betweens of one run: the names `0001.png` … `9999.png` sort as they count.
const MAX_COUNT: u16 = 9999;

/// `-n`, `--times`, `--endpoints`.
#[derive(Debug, Clone, Args)]
pub struct TimesArgs {
    /// Number of in-betweens, evenly spaced: t = k/(N+1)
    #[arg(short = 'n', value_name = "N", default_value_t = 1, allow_negative_numbers = true,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_COUNT)))]
    pub count: u16,
    /// Times of the in-betweens, 0 (A) to 1 (B), separated by commas
    #[arg(long, value_name = "T,T…", value_delimiter = ',', allow_negative_numbers = true, conflicts_with = "count",
          value_parser = parse_time)]
    pub times: Vec<f64>,
    /// Add the two pictures themselves, at t = 0 and t = 1
    #[arg(long)]
    pub endpoints: bool,
}

impl TimesArgs {
    /// The times in the order in which they were asked for.
    pub fn times(&self) -> Vec<f64> {
        let mut times = if self.times.is_empty() {
            let steps = f64::from(self.count) + 1.0;
            (1..=self.count).map(|k| f64::from(k) / steps).collect()
        } else {
            self.times.clone()
        };
        if self.endpoints {
            if !times.contains(&0.0) {
                times.insert(0, 0.0);
            }
            if !times.contains(&1.0) {
                times.push(1.0);
            }
        }
        times
    }
}

/// A time in `[0, 1]`, as clap's value parsers return it.
pub fn parse_time(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(t) if (0.0..=1.0).contains(&t) => Ok(t),
        Ok(_) => Err("a time lies between 0 (A) and 1 (B)".into()),
        Err(_) => Err("a number between 0 and 1 is needed".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(count: u16, times: &[f64], endpoints: bool) -> Vec<f64> {
        let times = times.to_vec();
        TimesArgs {
            count,
            times,
            endpoints,
        }
        .times()
    }

    #[test]
    fn in_betweens_are_evenly_spaced() {
        assert_eq!(args(1, &[], false), [0.5]);
        assert_eq!(args(3, &[], false), [0.25, 0.5, 0.75]);
        assert_eq!(args(3, &[], true), [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn times_keep_their_order_and_endpoints_are_not_doubled() {
        assert_eq!(args(1, &[0.9, 0.1], false), [0.9, 0.1]);
        assert_eq!(args(1, &[1.0, 0.5], true), [0.0, 1.0, 0.5]);
    }

    #[test]
    fn times_outside_are_refused() {
        for bad in ["-0.1", "1.01", "nan", "inf", "", "half"] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_time("1"), Ok(1.0));
    }
}
