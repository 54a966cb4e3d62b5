#include "store/deliveries.h"

#include "store/rows.h"

namespace doorward::store {
namespace {

Delivery read_delivery(const Statement& row) {
  return {row.number(0), row.text(1), row.text(2), row.text(3),   row.text(4),
          row.number(5), row.number(6), row.text(7), row.number(8), row.text(9)};
}

}  // namespace

Status Deliveries::add(const Delivery& delivery) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto insert = database_.prepare("INSERT INTO deliveries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(delivery.id).bind(delivery.event).bind(delivery.request).bind(delivery.channel);
  insert->bind(delivery.attempt).bind(delivery.at_us).bind(delivery.state).bind(delivery.status);
  if (Status added = insert->bind(delivery.detail).run(); !added) return added;
  auto remove = database_.prepare("DELETE FROM deliveries WHERE number <= (SELECT max(number) FROM deliveries) - ?");
  if (!remove) return std::unexpected(remove.error());
  if (Status removed = remove->bind(kMost).run(); !removed) return removed;
  return transaction->commit();
}

Result<std::vector<Delivery>> Deliveries::list(std::string_view channel, std::size_t limit) {
  auto query = database_.prepare(
      "SELECT number, id, event, request, channel, attempt, at_us, state, status, detail FROM deliveries "
      "WHERE ?1 = '' OR channel = ?1 ORDER BY number DESC LIMIT ?2");
  if (!query) return std::unexpected(query.error());
  query->bind(channel).bind(static_cast<std::int64_t>(limit));
  return all_rows(*query, read_delivery);
}

}  // namespace doorward::store
