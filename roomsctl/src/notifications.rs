//! What became of notifications.

use crate::{cli::Options, client, failure::Failure, output, view::notifier::DeliveriesView};
use clap::Subcommand;
use proto::notifier::GetDeliveriesRequest;
use serde_json::json;

/// What can be typed about them.
#[derive(Debug, Subcommand)]
pub enum Notifications {
    /// Count what became of them by day and category, with the time from the event to the message
    Deliveries {
        /// The last so many days (UTC), today among them
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
        /// Print comma-separated values with a head
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
}

/// `roomsctl notifications …`.
pub async fn run(options: &Options, command: Notifications) -> Result<(), Failure> {
    let Notifications::Deliveries { days, csv } = command;
    let service = client::notifier(options)?;
    let request = GetDeliveriesRequest { days };
    let answer = service.ask(async |mut client| client.get_deliveries(request).await).await?;
    let days: Vec<DeliveriesView> = answer.days.iter().map(DeliveriesView::from).collect();
    if options.json {
        output::json(&json!({"days": days}))
    } else if csv {
        output::notifier::deliveries_csv(&days)
    } else {
        output::notifier::deliveries(&days)
    }
}
