// `(SELECT v FROM e WHERE n = 'x')`: a statement over a value of the message, and EXISTS of one.
// https://docs.aws.amazon.com/iot/latest/developerguide/iot-sql-nested-queries.html
#pragma once

#include "services/iot/sql/statement.h"

namespace cloudlet::iot::sql {

// Of an array: an array of what the list makes of each item for which WHERE is true. Of an object:
// what the list makes of it. Names are the item's. Of anything else: Undefined.
class Query final : public Expr {
 public:
  // `parts`: of the query, so that rows times parts counts as work.
  Query(Statement statement, ExprPtr from, std::size_t parts)
      : statement_(std::move(statement)), from_(std::move(from)), parts_(parts) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*from_); }

 private:
  Value one(Frame& frame, const json::value& row) const;

  Statement statement_;
  ExprPtr from_;
  std::size_t parts_;
};

// `EXISTS (SELECT ...)`: whether it has a row.
class Exists final : public Expr {
 public:
  explicit Exists(ExprPtr of) : of_(std::move(of)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*of_); }

 private:
  ExprPtr of_;
};

}  // namespace cloudlet::iot::sql
