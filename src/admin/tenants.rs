//! What tenants have spent, in the answer of `state`. Names of tenants without a budget of their
//! own are kept nowhere, so only the number of them is told.

use crate::host::SharedData;
use crate::state::{Spending, TenantTable};

use super::Json;

/// Writes the tenants with a budget of their own, and how full the table of the others is.
pub(super) fn tenants<S: SharedData + ?Sized>(
    json: &mut Json,
    table: &TenantTable,
    shared: &S,
    now_ms: u64,
) {
    json.key("named").list(|json| {
        for (name, most, [minute, day]) in table.named(shared, now_ms) {
            json.object(|json| {
                json.key("name").text(name);
                json.key("limits").object(|json| {
                    for (limit, most) in most.limits() {
                        // Costs are kept in billionths of a dollar.
                        json.key(&limit.name().replace("usd", "nano_usd")).number(most);
                    }
                });
                json.key("minute").object(|json| spending(json, minute));
                json.key("day").object(|json| spending(json, day));
            });
        }
    });
    let [slots, used, forgotten] = table.fill(shared, now_ms);
    json.key("slots").number(slots);
    json.key("used").number(used);
    json.key("forgotten").number(forgotten);
}

/// Writes what was spent.
fn spending(json: &mut Json, Spending { requests, tokens, nano_usd }: Spending) {
    json.key("requests").number(requests);
    json.key("tokens").number(tokens);
    json.key("nano_usd").number(nano_usd);
}
