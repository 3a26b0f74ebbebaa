// The compiled form of an expression: a tree that evaluates itself against a message.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/iot/sql/input.h"
#include "services/iot/sql/value.h"

namespace cloudlet::iot::sql {

// What an evaluation runs in.
struct Frame {
  Input& input;
  Version version;
  const json::value* row = nullptr;  // of a nested SELECT: what names are looked up in

  // What names are looked up in; null: the payload is not JSON.
  const json::value* root() const { return row ? row : input.json(); }
};

class Expr {
 public:
  using Visit = std::function<void(const Expr&)>;

  virtual ~Expr() = default;
  virtual Value eval(Frame& frame) const = 0;
  virtual void children(const Visit&) const {}
  // Its text in the statement, for explanations ("humidity < 35").
  const std::string& text() const { return text_; }
  void set_text(std::string_view text) { text_ = text; }

 private:
  std::string text_;
};
using ExprPtr = std::unique_ptr<const Expr>;

class Literal final : public Expr {
 public:
  explicit Literal(json::value value) : value_(std::move(value)) {}
  Value eval(Frame&) const override { return Value(&value_); }
  const json::value& value() const { return value_; }

 private:
  json::value value_;
};

// A name of the message: `coords.latitude`.
class Path final : public Expr {
 public:
  explicit Path(std::vector<std::string> names) : names_(std::move(names)) {}
  Value eval(Frame& frame) const override;
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// What SET defines: evaluated once for a message, and only if it is asked for.
struct Variable {
  std::string name;  // without @
  ExprPtr value;
  bool reads_names = false;  // it needs a payload that is JSON
};
using Variables = std::vector<std::shared_ptr<const Variable>>;

// `@fahrenheit`. It sees the message, also from inside a nested SELECT.
class VariableUse final : public Expr {
 public:
  explicit VariableUse(std::shared_ptr<const Variable> of) : of_(std::move(of)) {}
  Value eval(Frame& frame) const override;
  bool reads_names() const { return of_->reads_names; }

 private:
  std::shared_ptr<const Variable> of_;
};

// `decode(x, 'base64').temperature`
class Member final : public Expr {
 public:
  Member(ExprPtr of, std::string name) : of_(std::move(of)), name_(std::move(name)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*of_); }
  const std::string& name() const { return name_; }

 private:
  ExprPtr of_;
  std::string name_;
};

// `readings[0]`
class Index final : public Expr {
 public:
  Index(ExprPtr of, ExprPtr at) : of_(std::move(of)), at_(std::move(at)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*of_), visit(*at_); }

 private:
  ExprPtr of_, at_;
};

class Not final : public Expr {
 public:
  explicit Not(ExprPtr of) : of_(std::move(of)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*of_); }

 private:
  ExprPtr of_;
};

// AND and OR want two booleans (or their texts); anything else makes them Undefined.
class Logic final : public Expr {
 public:
  enum class Op { all, any };
  Logic(Op op, ExprPtr left, ExprPtr right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*left_), visit(*right_); }
  Op op() const { return op_; }
  const Expr& left() const { return *left_; }
  const Expr& right() const { return *right_; }

 private:
  Op op_;
  ExprPtr left_, right_;
};

// Comparisons and arithmetic.
class Binary final : public Expr {
 public:
  using Op = Value (*)(Frame&, const Value&, const Value&);
  Binary(Op op, ExprPtr left, ExprPtr right)
      : op_(op), left_(std::move(left)), right_(std::move(right)) {}
  Value eval(Frame& frame) const override {
    return op_(frame, left_->eval(frame), right_->eval(frame));
  }
  void children(const Visit& visit) const override { visit(*left_), visit(*right_); }

 private:
  Op op_;
  ExprPtr left_, right_;
};

// `color IN ['red', 'blue']`
class In final : public Expr {
 public:
  In(ExprPtr left, ExprPtr array) : left_(std::move(left)), array_(std::move(array)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override { visit(*left_), visit(*array_); }

 private:
  ExprPtr left_, array_;
};

// `CASE v WHEN t THEN r ... ELSE e END`, and the form without `v`, whose conditions are booleans.
class Case final : public Expr {
 public:
  Case(ExprPtr operand, std::vector<std::pair<ExprPtr, ExprPtr>> branches, ExprPtr otherwise)
      : operand_(std::move(operand)),
        branches_(std::move(branches)),
        otherwise_(std::move(otherwise)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override;

 private:
  ExprPtr operand_;  // may be null
  std::vector<std::pair<ExprPtr, ExprPtr>> branches_;
  ExprPtr otherwise_;  // may be null
};

class ArrayLiteral final : public Expr {
 public:
  explicit ArrayLiteral(std::vector<ExprPtr> items) : items_(std::move(items)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override;

 private:
  std::vector<ExprPtr> items_;
};

class ObjectLiteral final : public Expr {
 public:
  explicit ObjectLiteral(std::vector<std::pair<std::string, ExprPtr>> members)
      : members_(std::move(members)) {}
  Value eval(Frame& frame) const override;
  void children(const Visit& visit) const override;

 private:
  std::vector<std::pair<std::string, ExprPtr>> members_;
};

}  // namespace cloudlet::iot::sql
