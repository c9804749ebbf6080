//! Budgets as whole tables: windows, buckets, tenants that come and go, and lost writes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::account::Account;
use super::*;
use crate::host::Conflict;

const DAY_MS: u64 = 86_400_000;
/// The beginning of a day.
const NOW: u64 = DAY_MS * 20_000;

/// Shared data of one process, which loses so many writes as a test wants.
#[derive(Debug, Default)]
struct Kept {
    values: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    lost: Cell<u32>,
}

impl SharedData for Kept {
    fn read(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.values.borrow().get(key).cloned()
    }

    fn write(&self, key: &str, value: &[u8], version: u32) -> Result<(), Conflict> {
        if let Some(left) = self.lost.get().checked_sub(1) {
            self.lost.set(left);
            return Err(Conflict);
        }
        let mut values = self.values.borrow_mut();
        let known = values.get(key).map(|(_, version)| *version);
        if known.is_some_and(|known| known != version) {
            return Err(Conflict);
        }
        values.insert(key.to_owned(), (value.to_vec(), known.unwrap_or(0) + 1));
        Ok(())
    }
}

fn budget(requests: Option<u64>, tokens: Option<u64>) -> TenantBudget {
    TenantBudget {
        requests_per_minute: requests,
        tokens_per_day: tokens,
        ..TenantBudget::default()
    }
}

fn settings(common: TenantBudget, named: &[(&str, TenantBudget)], slots: u32) -> Tenants {
    Tenants {
        budget: Some(common),
        named: named.iter().map(|(name, own)| ((*name).to_owned(), *own)).collect(),
        slots,
        share: 1.0,
        on_missing: crate::config::OnMissingTenant::Share,
    }
}

fn table(shared: &Kept, settings: &Tenants) -> TenantTable {
    TenantTable::new(settings, shared, || 7)
}

fn tokens(least: u64, likely: u64) -> ExpectedSpending {
    let of = |tokens| Spending { requests: 1, tokens, nano_usd: 0 };
    ExpectedSpending { least: of(least), likely: of(likely) }
}

fn hold(table: &TenantTable, shared: &Kept, name: &str, now_ms: u64) -> TenantHold {
    table.admit(shared, name.as_bytes(), &tokens(1, 1), now_ms).unwrap().unwrap().hold.unwrap()
}

fn used(table: &TenantTable, shared: &Kept, name: &str, now_ms: u64) -> [Spending; 2] {
    let (place, id) = table.place(name.as_bytes());
    cas::read::<TenantBucket, _>(shared, &place.key()).0.account(id).at(now_ms)
}

fn name_of(over: OverBudget) -> (&'static str, Option<u64>) {
    (over.limit.name(), over.wait_ms)
}

#[test]
fn requests_are_counted_in_the_minute_and_on_the_day() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(Some(2), None), &[], 8));
    for _ in 0..2 {
        hold(&table, &shared, "a", NOW + 30_000);
    }
    let over = table.admit(&shared, b"a", &tokens(1, 1), NOW + 30_000).unwrap_err();
    assert_eq!(name_of(over), ("requests_per_minute", Some(30_000)));
    // Others have budgets of their own, and so has the next minute.
    hold(&table, &shared, "b", NOW + 30_000);
    hold(&table, &shared, "a", NOW + 60_000);
    let [minute, day] = used(&table, &shared, "a", NOW + 60_000);
    assert_eq!((minute.requests, day.requests), (1, 3));
    let [minute, day] = used(&table, &shared, "a", NOW + DAY_MS);
    assert_eq!((minute.requests, day.requests), (0, 0));
}

#[test]
fn of_several_limits_the_one_that_lasts_longest_is_told() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(Some(1), Some(10)), &[], 8));
    table.admit(&shared, b"a", &tokens(1, 10), NOW).unwrap();
    let over = |least, now_ms| {
        name_of(table.admit(&shared, b"a", &tokens(least, least), now_ms).unwrap_err())
    };
    assert_eq!(over(1, NOW + 1), ("tokens_per_day", Some(DAY_MS - 1)));
    assert_eq!(over(0, NOW + 60_000), ("tokens_per_day", Some(DAY_MS - 60_000)));
    // Waiting does not help one that is too large by itself.
    assert_eq!(over(11, NOW + DAY_MS), ("tokens_per_day", None));
}

#[test]
fn what_was_spent_stands_in_the_place_of_what_was_reserved() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(None, Some(1000)), &[], 8));
    let take = |likely, now_ms| {
        let billed = table.admit(&shared, b"a", &tokens(1, likely), now_ms);
        billed.unwrap().unwrap().hold.unwrap()
    };
    let spent = |tokens| Spending { requests: 1, tokens, nano_usd: 0 };
    let all = |now_ms| used(&table, &shared, "a", now_ms).map(|sum| sum.tokens);
    take(500, NOW).settle(&shared, spent(200), NOW + 1000).unwrap();
    assert_eq!(all(NOW), [200, 200]);
    // The minute has changed: what it had stays in it, and the rest comes on top.
    let hold = take(500, NOW + 59_000);
    hold.settle(&shared, spent(800), NOW + 65_000).unwrap();
    assert_eq!(all(NOW + 65_000), [300, 1000]);
    let another = take(0, NOW + DAY_MS).of_another_attempt();
    another.settle(&shared, Spending { requests: 0, ..spent(7) }, NOW + DAY_MS).unwrap();
    let [_, day] = used(&table, &shared, "a", NOW + DAY_MS);
    assert_eq!((day.requests, day.tokens), (1, 7));
    // It is not sent after all.
    let [_, before] = used(&table, &shared, "a", NOW + DAY_MS);
    take(9, NOW + DAY_MS).settle(&shared, Spending::NOTHING, NOW + DAY_MS).unwrap();
    assert_eq!(used(&table, &shared, "a", NOW + DAY_MS)[1], before);
}

#[test]
fn no_number_of_answers_clears_an_account() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(None, Some(1000)), &[], 8));
    hold(&table, &shared, "a", NOW);
    let huge = table.admit(&shared, b"a", &tokens(1, u64::MAX), NOW).unwrap().unwrap();
    huge.hold.unwrap().settle(&shared, Spending::NOTHING, NOW).unwrap();
    assert_eq!(used(&table, &shared, "a", NOW)[1].tokens, 1);
}

#[test]
fn a_million_names_make_no_more_keys_than_buckets() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(Some(100), None), &[], 64));
    // It has spent more than the others, so it is remembered.
    for _ in 0..100 {
        hold(&table, &shared, "heavy", NOW);
    }
    let mut evicted = 0;
    for at in 0..1_000_000 {
        let name = at.to_string();
        let billed = table.admit(&shared, name.as_bytes(), &tokens(1, 1), NOW).unwrap().unwrap();
        evicted += u64::from(billed.has_evicted);
    }
    assert_eq!(shared.values.borrow().len(), 16 + 1, "the buckets, and the seed");
    assert!(shared.values.borrow().values().all(|(value, _)| value.len() < 400));
    assert_eq!(evicted, 1_000_001 - 64);
    assert_eq!(table.fill(&shared, NOW), [64, 64, evicted]);
    assert!(table.admit(&shared, b"heavy", &tokens(1, 1), NOW).is_err());
    // When all windows are over nobody is in the way any more.
    let billed = table.admit(&shared, b"new", &tokens(1, 1), NOW + DAY_MS).unwrap().unwrap();
    assert!(!billed.has_evicted);
}

#[test]
fn an_account_that_was_begun_anew_takes_nothing_back() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(Some(100), None), &[], 4));
    let early = table.admit(&shared, b"a", &tokens(1, 500), NOW).unwrap().unwrap().hold.unwrap();
    // Four others that have spent more push it out.
    for name in ["b", "c", "d", "e"] {
        (0..2).for_each(|_| drop(hold(&table, &shared, name, NOW)));
    }
    assert_eq!(used(&table, &shared, "a", NOW)[1], Spending::NOTHING);
    let spent = Spending { requests: 1, tokens: 300, nano_usd: 0 };
    early.clone().settle(&shared, spent, NOW).unwrap();
    assert_eq!(used(&table, &shared, "a", NOW)[1], Spending::NOTHING, "it stays forgotten");
    hold(&table, &shared, "a", NOW);
    early.settle(&shared, spent, NOW).unwrap();
    assert_eq!(used(&table, &shared, "a", NOW)[1].tokens, 301);
}

#[test]
fn named_tenants_collide_with_nobody() {
    let shared = Kept::default();
    let own = [("acme", budget(Some(3), None)), ("free", TenantBudget::default())];
    let table = table(&shared, &settings(budget(Some(1), None), &own, 4));
    (0..3).for_each(|_| drop(hold(&table, &shared, "acme", NOW)));
    for at in 0..100 {
        hold(&table, &shared, &at.to_string(), NOW);
        hold(&table, &shared, "free", NOW);
    }
    assert!(table.admit(&shared, b"acme", &tokens(1, 1), NOW).is_err());
    let named: Vec<_> =
        table.named(&shared, NOW).map(|(name, _, [_, day])| (name, day.requests)).collect();
    assert_eq!(named, [("acme", 3), ("free", 100)]);
    assert_eq!(table.configured(b"\xff"), None);
}

#[test]
fn workers_agree_on_the_hash_and_processes_do_not() {
    let shared = Kept::default();
    let settings = settings(budget(Some(1), None), &[], 4096);
    let [one, two] = [7, 8].map(|seed| TenantTable::new(&settings, &shared, || seed));
    assert_eq!(one.place(b"a"), two.place(b"a"));
    let other = TenantTable::new(&settings, &Kept::default(), || 8);
    assert_ne!(one.place(b"a"), other.place(b"a"));
}

#[test]
fn a_share_is_rounded_up_and_contention_refuses_nobody() {
    let shared = Kept::default();
    let half = Tenants { share: 0.5, ..settings(budget(Some(3), Some(1)), &[], 4) };
    let table = table(&shared, &half);
    let limits = table.most(b"a").unwrap().limits();
    let limits: Vec<_> = limits.map(|(limit, most)| (limit.name(), most)).collect();
    assert_eq!(limits, [("requests_per_minute", 2), ("tokens_per_day", 1)]);
    shared.lost.set(16);
    let billed = table.admit(&shared, b"a", &tokens(1, 1), NOW).unwrap().unwrap();
    assert_eq!(billed, Billed { hold: None, has_evicted: false });
    shared.lost.set(15);
    let hold = hold(&table, &shared, "a", NOW);
    shared.lost.set(16);
    assert_eq!(hold.settle(&shared, Spending::NOTHING, NOW), Err(Dropped));
}

#[test]
fn a_clock_that_jumps_begins_new_windows() {
    let shared = Kept::default();
    let table = table(&shared, &settings(budget(Some(1), None), &[], 4));
    hold(&table, &shared, "a", NOW + 600_000);
    // A worker that looked at its clock a moment before the minute began counts with it.
    assert!(table.admit(&shared, b"a", &tokens(1, 1), NOW + 599_999).is_err());
    hold(&table, &shared, "a", NOW);
}

#[test]
fn a_hold_goes_on_as_numbers() {
    let shared = Kept::default();
    let own = [("acme", budget(Some(3), None))];
    let table = table(&shared, &settings(budget(Some(1), None), &own, 4));
    for name in ["acme", "other"] {
        let hold = hold(&table, &shared, name, NOW);
        let (name, numbers) = hold.numbers();
        assert_eq!(TenantHold::from_numbers(name, numbers), Some(hold));
    }
    assert_eq!(TenantHold::from_numbers("", [u64::MAX; HOLD_NUMBERS]), None);
}

/// What a request does in the model: it begins at a time, reserves, and spends when it ends.
fn requests() -> impl Strategy<Value = Vec<(u64, u64, u64, u64)>> {
    prop::collection::vec((0..300_000_u64, 0..1000_u64, 0..200_000_u64, 0..2000_u64), 1..40)
}

proptest! {
    /// In one minute and day, an account has exactly what was spent, in whatever order requests end.
    #[test]
    fn what_is_spent_is_counted_once(requests in requests()) {
        let mut account = Account::default();
        let of = |tokens| Spending { requests: 1, tokens, nano_usd: tokens * 3 };
        let mut events = Vec::new();
        for (at, (begin, reserved, lasts, spent)) in requests.iter().enumerate() {
            events.push((begin, 0, at));
            events.push((begin, 1 + lasts, at));
            let _ = (reserved, spent);
        }
        events.sort_by_key(|(begin, lasts, _)| **begin + *lasts);
        let mut windows = BTreeMap::new();
        for (begin, lasts, at) in events {
            let (now_ms, (_, reserved, _, spent)) = (NOW + begin + lasts, requests[at]);
            if lasts == 0 {
                windows.insert(at, account.reserve(of(reserved), now_ms));
            } else if let Some(begun) = windows.get(&at) {
                account.settle(of(reserved), *begun, of(spent), now_ms);
            }
        }
        let [_, day] = account.at(NOW + 600_000);
        let sum: u64 = requests.iter().map(|(.., spent)| spent).sum();
        prop_assert_eq!(day, Spending {
            requests: requests.len() as u64, tokens: sum, nano_usd: sum * 3,
        });
    }
}
