// Each function against the examples and rows of its section in the AWS IoT SQL reference.
#include <gtest/gtest.h>

#include <span>

#include "services/iot/sql/lexer.h"
#include "services/iot/sql/statement.h"

namespace cloudlet::iot::sql {
namespace {

struct Row {
  std::string_view expression, out;
};

class FunctionsTest : public testing::Test {
 protected:
  std::string value(std::string_view expression) {
    auto statement = Statement::compile("SELECT VALUE " + std::string(expression) + " FROM 'a'",
                                        Version::v2016_03_23);
    if (statement.has_error()) return "error: " + statement.error().message();
    const Message m{
        .topic = "things/myThings/thingOne",
        .payload = R"({"p":"b+","s":"abba","x":{"y":[1,2]},"t":"eyAidGVtcCI6IDMzIH0K"})",
        .client_id = client_,
        .source_ip = "192.0.2.7",
        .principal = "abc",
        .account = "123456789012",
        .trace = {},
        .now = from_millis(1481825251155),
        .random = random_.get()};
    Input input(m);
    return statement->select(input);
  }
  void expect(std::span<const Row> rows) {
    for (const Row& row : rows) EXPECT_EQ(value(row.expression), row.out) << row.expression;
  }

  std::string client_ = "soil1";
  std::unique_ptr<Random> random_ = seeded_random(1);
};

TEST_F(FunctionsTest, Math) {
  const Row rows[] = {
      {"abs(-5)", "5"},
      {"abs('-5.123')", "5.123"},
      {"abs(true)", ""},
      {"abs(NULL)", ""},
      {"acos(0)", "1.5707963267948966"},
      {"acos(2)", ""},
      {"asin(0)", "0"},
      {"atan2(1, 0)", "1.5707963267948966"},
      {"bitand(13, 5)", "5"},
      {"bitor(8, 5)", "13"},
      {"bitxor(13, 5)", "8"},
      {"bitnot(13)", "-14"},
      {"ceil(1.2)", "2"},
      {"ceil(-1.2)", "-1"},
      {"cos(0)", "1"},
      {"cosh(2.3)", "5.037220649268761"},
      {"floor(1.2)", "1"},
      {"floor(-1.2)", "-2"},
      {"floor([1])", ""},
      {"ln(exp(1))", "1"},
      {"log(100)", "2"},
      {"log(0)", ""},
      {"mod(8, 3)", "2"},
      {"mod(7.5, 2)", "1.5"},
      {"remainder('8', 3)", "2"},
      {"power(2, 5)", "32"},
      {"round(1.2)", "1"},
      {"round(1.5)", "2"},
      {"round(-1.1)", "-1"},
      {"round(-1.5)", "-2"},
      {"sign(-7)", "-1"},
      {"sign(0)", "0"},
      {"sign('13')", "1"},
      {"sin(0)", "0"},
      {"sinh(2.3)", "4.936961805545957"},
      {"sqrt(9)", "3"},
      {"sqrt(-1)", ""},
      {"tan(3)", "-0.1425465430742778"},
      {"tanh(2.3)", "0.9800963962661914"},
      {"trunc(2.3, 0)", "2"},
      {"trunc(2.3123, 2)", "2.31"},
      {"trunc(2.888, 2)", "2.88"},
      {"trunc(2.00, 5)", "2"},
      {"trunc(-2.55, 1)", "-2.5"},
      {"trunc('2.345', 1.9)", "2.3"},
      {"trunc(2.345, '1')", ""},
      {"trunc(2.345, -1)", "2"},
      {"bitand(13.9, '5.1')", "5"},
      {"bitxor(-1.5, 0)", "-2"},
      {"bitor(true, 1)", ""},
      {"ceil('x')", ""},
      {"floor('-1.2')", "-2"},
      {"exp(NULL)", ""},
      {"mod('x', 3)", ""},
      {"power('2', '5')", "32"},
      {"sign(-0.5)", "-1"},
      {"sign([1])", ""},
      {"power(10, 400)", ""},
      {"rand() >= 0 AND rand() < 1", "true"},
  };
  expect(rows);
}

TEST_F(FunctionsTest, Text) {
  const Row rows[] = {
      {"chr(65)", R"("A")"},
      {"chr('49.7')", R"("1")"},
      {"chr(300)", ""},
      {"endswith('cat','at')", "true"},
      {"endswith(NULL,'at')", ""},
      {"indexof('abcd','bc')", "1"},
      {"indexof('abcd','x')", "-1"},
      {"length('hi')", "2"},
      {"length(false)", "5"},
      {"length('\u20ac')", "1"},
      {"lower('HELLO')", R"("hello")"},
      {"lower(['HELLO'])", R"("[\"hello\"]")"},
      {"lpad('hello', 2)", R"("  hello")"},
      {"lpad(1, 3)", R"("   1")"},
      {"lpad('x', -4)", R"("x")"},
      {"Ltrim(' h i ')", R"("h i ")"},
      {"numbytes('\u20ac')", "3"},
      {"replace('abcd','bc','x')", R"("axd")"},
      {"replace('abcdabcd','b','x')", R"("axcdaxcd")"},
      {"replace('abc','','x')", R"("abc")"},
      {"rpad('hello', 2)", R"("hello  ")"},
      {"rtrim(' h i ')", R"(" h i")"},
      {"startswith('ranger','ran')", "true"},
      {"substring('012345', 0)", R"("012345")"},
      {"substring('012345', 2.745)", R"("2345")"},
      {"substring(123, 2)", R"("3")"},
      {"substring('012345', -1)", R"("012345")"},
      {"substring(true, 1.2)", R"("rue")"},
      {"substring(false, -2.411E247)", R"("false")"},
      {"substring('012345', 1, 3)", R"("12")"},
      {"substring('012345', -50, 50)", R"("012345")"},
      {"substring('012345', 3, 1)", R"("")"},
      {"substring('\u20acuro', 1, 2)", R"("u")"},
      {"trim(' hi ')", R"("hi")"},
      {"upper('hello')", R"("HELLO")"},
      {"upper(NULL)", ""},
      {"upper(['hello'])", R"("[\"HELLO\"]")"},
      {"endswith(15, 5)", "true"},
      {"startswith(true, 'tr')", "true"},
      {"startswith('a', nothing)", ""},
      {"ltrim(5)", R"("5")"},
      {"rtrim({'a': 1})", R"("{\"a\":1}")"},
      {"trim(NULL)", ""},
      {"rpad(1, 3)", R"("1   ")"},
      {"lpad('a', '2.9')", R"("  a")"},
      {"lpad('a', 'x')", ""},
      {"length(lpad('a', 5000))", "1001"},
      {"lpad('a', NULL)", ""},
      {"replace(12321, 2, true)", R"("1true3true1")"},
      {"replace('a', NULL, 'b')", ""},
      {"substring('abc', 'x')", ""},
      {"chr(true)", ""},
      {"chr(-1)", ""},
      {"trim('   ')", R"("")"},
  };
  expect(rows);
}

TEST_F(FunctionsTest, RegularExpressionsAreLinear) {
  const Row rows[] = {
      {"regexp_matches('aaaa', 'a{2,}')", "true"},
      {"regexp_matches('aaaa', 'b')", "false"},
      {"regexp_matches(s, p)", "true"},  // a pattern from the message
      {"regexp_matches('x', 5)", "false"},
      {"regexp_replace('abcd', 'bc', 'x')", R"("axd")"},
      {"regexp_replace('abcd', 'b(.*)d', '$1')", R"("ac")"},
      {"regexp_replace('abcd', 'b', '$7')", ""},
      {"regexp_replace('abc', 'x*', '-')", R"("-a-b-c-")"},
      {"regexp_replace('a.b', '\\.', '\\$')", R"("a$b")"},
      {"regexp_substr('hihihello', 'hi')", R"("hi")"},
      {"regexp_substr('hihihello', '(hi)*')", R"("hihi")"},
      {"regexp_substr('hihihello', 'z')", ""},
      {"regexp_matches('a', '(')", "error: the pattern of regexp_matches: missing ): ("},
  };
  expect(rows);
}

TEST_F(FunctionsTest, Values) {
  const Row rows[] = {
      {"concat()", ""},
      {"concat(1)", "1"},
      {"concat([1, 2, 3], 4)", "[1,2,3,4]"},
      {"concat([1, 2], 'hello', [4])", R"([1,2,"hello",4])"},
      {"concat('he','is','man')", R"("heisman")"},
      {"concat(1, 'hello')", R"("1hello")"},
      {"concat(1, 2)", ""},
      {"concat('a', nothing)", ""},
      {"get(['a','b','c'], 1)", R"("b")"},
      {"get(['a'], 1)", ""},
      {"get({'a':'b'}, 'a')", R"("b")"},
      {"get('abc', 0)", R"("a")"},
      {"get('abc', 3)", ""},
      {"get(['a'], '0.9')", R"("a")"},
      {"get(['a'], -1)", ""},
      {"get({'5': 1}, 5)", ""},
      {"get(5, 0)", ""},
      {"isNull(nothing)", "false"},
      {"isUndefined(NULL)", "false"},
      {"nanvl('text', 3)", R"("text")"},
      {"get(x.y, 1)", "2"},
      {"isNull(5)", "false"},
      {"isNull(NULL)", "true"},
      {"isUndefined(floor([1,2,3]))", "true"},
      {"nanvl(8, 3)", "8"},
      {"nanvl(nothing, 3)", "3"},
      {"nanvl(NULL, 3)", "3"},
      {"encode('hello', 'base64')", R"("aGVsbG8=")"},
      {"decode('aGVsbG8=', 'base64')", R"("hello")"},
      {"decode(t, 'base64').temp", "33"},
      {"decode('ODA=', 'base64')", "80"},  // the example of the WHERE clause
      {"decode(encode(5, 'base64'), 'base64') > 4", "true"},
      {"decode('!', 'base64')", "null"},
      {"decode('aGVsbG8=', 'hex')", ""},
      {"transform('enrichArray', {'k': 1}, [{'a':3},{'b':4}])", R"([{"a":3,"k":1},{"b":4,"k":1}])"},
      {"transform('other', {'k': 1}, [])", ""},
      {"transform('enrichArray', {'k': 1}, [1])", ""},
      {"get_or_default(a, 0)", "0"},
      {"get_or_default(null, 'x')", "\"x\""},
      {"get_or_default(5, 0)", "5"},
      {"get_or_default(1 / 'x', 7)", "7"},
      {"get_or_default(nothing)", ""},
  };
  expect(rows);
}

TEST_F(FunctionsTest, CastFollowsItsTables) {
  const Row rows[] = {
      {"cast(true as Int)", "1"},
      {"cast(1.9 as Integer)", "1"},
      {"cast('-1.2' as int)", "-2"},
      {"cast(5 as String)", R"("5")"},
      {"cast([1,'a'] as text)", R"("[1,\"a\"]")"},
      {"cast('5E-1' as Decimal)", "0.5"},
      {"cast('x' as decimal)", ""},
      {"cast(0 as Boolean)", "false"},
      {"cast(0.5 as bool)", "true"},
      {"cast('TRUE' as bool)", "true"},
      {"cast('yes' as bool)", ""},
      {"cast(NULL as String)", ""},
      {"cast([1] as Int)", ""},
      {"cast(false as Double)", "0"},
      {"cast(1 as Widget)",
       "error: expected a type (String, Int, Decimal, Boolean) but found 'Widget' at position 24"},
  };
  expect(rows);
}

TEST_F(FunctionsTest, Hashes) {
  const Row rows[] = {
      {"md5('hello')", R"("5d41402abc4b2a76b9719d911017c592")"},
      {"sha1('hello')", R"("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d")"},
      {"sha224('')", R"("d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f")"},
      {"sha256('hello')", R"("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")"},
      {"length(sha384(5))", "96"},
      {"length(sha512(5))", "128"},
      {"md5(NULL)", ""},
      {"md2('hello')", "error: the function md2 is not supported here"},
  };
  expect(rows);
}

TEST_F(FunctionsTest, TheMessage) {
  const Row rows[] = {
      {"topic()", R"("things/myThings/thingOne")"},
      {"topic(1)", R"("things")"},
      {"topic(3)", R"("thingOne")"},
      {"topic(4)", ""},
      {"topic(0)", ""},
      {"clientid()", R"("soil1")"},
      {"principal()", R"("abc")"},
      {"sourceip()", R"("192.0.2.7")"},
      {"traceid()", ""},
      {"accountid()", R"("123456789012")"},
      {"timestamp()", "1481825251155"},
      {"length(newuuid())", "36"},
      {"newuuid() = newuuid()", "false"},
  };
  expect(rows);
  client_ = "";
  EXPECT_EQ(value("clientid()"), R"("n/a")");
}

TEST_F(FunctionsTest, Times) {
  const Row rows[] = {
      {"parse_time(\"yyyy.MM.dd G 'at' HH:mm:ss z\", 100000000)",
       R"("1970.01.02 AD at 03:46:40 UTC")"},
      {"parse_time('yyyy', timestamp(), 'UTC')", R"("2016")"},
      {"parse_time('yyyy-MM-dd''T''HH:mm:ss.SSSZZ', 0, '+05:30')",
       R"("1970-01-01T05:30:00.000+05:30")"},
      {"parse_time('EEE, d MMM yy h:mm a', 1481825251155)", R"("Thu, 15 Dec 16 6:07 PM")"},
      {"parse_time('yyyy', 9999999999999999)", ""},
      {"parse_time(\"yyyy.MM.dd G 'at' HH:mm:ss z\", 100000000, 'America/Belize')",
       R"("1970.01.01 AD at 21:46:40 CST")"},
      {"parse_time('HH:mm z VV', 1751328000000, 'Europe/Berlin')", R"("02:00 CEST Europe/Berlin")"},
      {"parse_time('HH:mm z', 1735689600000, 'Europe/Berlin')", R"("01:00 CET")"},
      {"parse_time('yyyy', 0, 'Middle/Earth')",
       "error: parse_time: there is no time zone 'Middle/Earth' on this machine: use UTC, an "
       "offset "
       "such as +01:00, or a name such as Europe/Berlin"},
      {"parse_time('yyyy', 0, concat('../', 'localtime'))", ""},
      {"time_to_epoch('2007-12-03 10:15:30.592 America/Los_Angeles', 'yyyy-MM-dd HH:mm:ss.SSS z')",
       "1196705730592"},
      {"time_to_epoch('2025-07-01 02:00 Europe/Berlin', 'yyyy-MM-dd HH:mm VV')", "1751328000000"},
      {"time_to_epoch('2025-03-30 03:30 Europe/Berlin', 'yyyy-MM-dd HH:mm VV')", "1743298200000"},
      {"time_to_epoch('2020-04-03 09:45:18 UTC+01:00', 'yyyy-MM-dd HH:mm:ss VV')", "1585903518000"},
      {"time_to_epoch('18 December 2015', 'dd MMMM yyyy')", "1450396800000"},
      {"time_to_epoch('2007-12-03 10:15:30.592', 'yyyy-MM-dd HH:mm:ss.SSS')", "1196676930592"},
      {"time_to_epoch('2007-13-03', 'yyyy-MM-dd')", ""},
      {"time_to_epoch('12:30 AM', 'hh:mm a')", "1800000"},
      {"time_to_epoch('nonsense', 'yyyy')", ""},
  };
  expect(rows);
}

}  // namespace
}  // namespace cloudlet::iot::sql
