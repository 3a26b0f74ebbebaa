// Statements against messages: what goes out, and why nothing does. Each row of a table is one fact
// of the AWS IoT SQL reference (or, where it says nothing, of docs/rule-sql.md).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "services/iot/sql/lexer.h"
#include "services/iot/sql/statement.h"
#include "services/iot/sql/template.h"

namespace cloudlet::iot::sql {
namespace {

constexpr std::string_view no_match = "<no match>";

class SqlTest : public testing::Test {
 protected:
  Message message(std::string_view payload, std::string_view topic = "device/soil1/devicePayload") {
    return {.topic = topic,
            .payload = payload,
            .client_id = "soil1",
            .principal = "ba67293af50bf2506f5f93469686da660c7c844e7b3950bfb16813e0d31e9373",
            .account = "123456789012",
            .trace = "12345678-1234-1234-1234-123456789012",
            .now = from_millis(1481825251155),
            .random = random_.get()};
  }

  std::string run(std::string_view sql, std::string_view payload,
                  Version version = Version::v2016_03_23) {
    auto statement = Statement::compile(sql, version);
    if (statement.has_error()) return "error: " + statement.error().message();
    const Message m = message(payload);
    Input input(m);
    if (!statement->matches(input)) return std::string(no_match);
    return statement->select(input);
  }
  std::string value(std::string_view expression, std::string_view payload = "{}",
                    Version version = Version::v2016_03_23) {
    return run("SELECT VALUE " + std::string(expression) + " FROM 'a'", payload, version);
  }
  std::string why(std::string_view sql, std::string_view payload) {
    auto statement = Statement::compile(sql, Version::v2016_03_23);
    const Message m = message(payload);
    Input input(m);
    EXPECT_FALSE(statement->matches(input));
    return statement->explain(input);
  }
  std::string refusal(std::string_view sql, Version version = Version::v2016_03_23) {
    auto statement = Statement::compile(sql, version);
    if (statement.has_value()) return "compiled";
    EXPECT_TRUE(statement.error().is(sql_parse_exception));
    return statement.error().message();
  }

  std::unique_ptr<Random> random_ = seeded_random(1);
};

// Each variable is twice the one before it: 30 of them were a thousand million values.
TEST_F(SqlTest, VariablesThatDoubleEndWhenTheMessageHasCostTooMuch) {
  std::string sql = "SET @v0 = p";
  for (int i = 1; i <= 30; ++i) sql += fmt::format(", @v{} = [@v{}, @v{}]", i, i - 1, i - 1);
  const auto statement = Statement::compile(
      sql + " SELECT 1 AS x FROM 'a' WHERE isUndefined(@v30) = false", Version::v2016_03_23);
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  const Message m = message(R"({"p":1})");
  Input input(m);
  (void)statement->matches(input);
  EXPECT_TRUE(input.exhausted());
}

// A nested SELECT that looks into a variable looks into the message itself: nothing is copied for
// each of its rows.
TEST_F(SqlTest, RowsLookIntoAVariableWithoutCopyingIt) {
  std::string ones = "1";
  for (int i = 1; i < 20'000; ++i) ones += ",1";
  const std::string payload = fmt::format(R"({{"o":{{"a":[[{}]]}},"rows":[{}]}})", ones, ones);
  const auto statement = Statement::compile(
      "SET @v = o SELECT (SELECT VALUE @v.a[0][7] FROM rows) AS x FROM 'a'", Version::v2016_03_23);
  ASSERT_TRUE(statement.has_value()) << statement.error().message();
  const Message m = message(payload);
  Input input(m);
  EXPECT_TRUE(statement->matches(input));
  EXPECT_EQ(statement->select(input), "{\"x\":[" + ones + "]}");
  EXPECT_FALSE(input.exhausted());
}

TEST_F(SqlTest, VariablesHoldTheirValueForTheWholeStatement) {
  // The reference's example.
  EXPECT_EQ(
      run("SET @temp_celsius = (temp_fahrenheit - 32) * 5 / 9 SELECT @temp_celsius AS celsius, "
          "humidity FROM 'a' WHERE @temp_celsius > 20",
          R"({"temp_fahrenheit": 75, "humidity": 60})"),
      R"({"celsius":23,"humidity":60})");
  EXPECT_EQ(run("SET @c = 5, @d = @c * 2 SELECT VALUE @c + @d FROM 'a'", "{}"), "15");
  EXPECT_EQ(run("SET @u = user SELECT @u.name AS n, @u.tags[1] AS t FROM 'a'",
                R"({"user": {"name": "x", "tags": [1, 2]}})"),
            R"({"n":"x","t":2})");
  EXPECT_EQ(run("SET @id = newuuid() SELECT VALUE @id = @id FROM 'a' WHERE @id = @id", "{}"),
            "true");
  EXPECT_EQ(run("SET @low = limit SELECT (SELECT v FROM rows WHERE v < @low) AS r FROM 'a'",
                R"({"limit": 2, "rows": [{"v": 1, "limit": 0}, {"v": 3}]})"),
            R"({"r":[{"v":1}]})");
  EXPECT_EQ(run("SET @n = nothing SELECT @n AS n, 1 AS one FROM 'a'", "{}"), R"({"one":1})");
  EXPECT_EQ(run("SET @n = name SELECT @n AS n FROM 'a'", "not JSON"), no_match);
  EXPECT_EQ(why("SET @h = humidity SELECT * FROM 'a' WHERE @h < 35", R"({"humidity": 41})"),
            "WHERE @h < 35 is false: @h = 41");
  const auto statement =
      Statement::compile("SET @id = newuuid() SELECT VALUE @id FROM 'a'", Version::v2016_03_23);
  ASSERT_TRUE(statement.has_value());
  const auto key = Template::compile("k/${@id}", Version::v2016_03_23, statement->variables());
  const Message m = message("{}");
  Input input(m);
  EXPECT_EQ("\"" + key->expand(input).substr(2) + "\"", statement->select(input));
  EXPECT_TRUE(Template::compile("${@id}", Version::v2016_03_23).has_error());
}

// Each doubles the one before: looked at once, however often they are used.
TEST_F(SqlTest, ChainsOfVariablesCostWhatTheyAreLong) {
  std::string sql = "SET @v0 = n";
  for (int i = 1; i < 60; ++i) sql += fmt::format(", @v{} = @v{} + @v{}", i, i - 1, i - 1);
  EXPECT_EQ(run(sql + " SELECT VALUE @v59 FROM 'a' WHERE @v59 > 0", R"({"n": 1})"),
            std::to_string(1ll << 59));
  EXPECT_EQ(run(sql + " SELECT VALUE @v59 FROM 'a' WHERE isundefined(@v59)", R"({"n": "text"})"),
            no_match);
}

struct Row {
  std::string_view sql, payload, out;
};

TEST_F(SqlTest, SelectsWhatTheListSays) {
  const Row rows[] = {
      {"SELECT * FROM 'a'", R"({"color": "red", "t":50.0})", R"({"color": "red", "t":50.0})"},
      {"SELECT color FROM 'a'", R"({"color":"red","t":50})", R"({"color":"red"})"},
      {"SELECT color AS my_color FROM 'a'", R"({"color":"red","t":50})", R"({"my_color":"red"})"},
      {"SELECT color as c, t as f FROM 'a'", R"({"color":"red","t":50})", R"({"c":"red","f":50})"},
      {"SELECT *, 15 as speed FROM 'a'", R"({"color":"red","t":50})",
       R"({"color":"red","t":50,"speed":15})"},
      {"SELECT *, 'blue' as color FROM 'a'", R"({"color":"red","t":50})",
       R"({"t":50,"color":"blue"})"},
      {"SELECT *, nothing as color FROM 'a'", R"({"color":"red"})", R"({"color":"red"})"},
      {"SELECT VALUE color FROM 'a'", R"({"color":"red"})", R"("red")"},
      {"SELECT VALUE arr FROM 'a'", R"({"arr":[1,2,3,4]})", "[1,2,3,4]"},
      {"SELECT VALUE nothing FROM 'a'", R"({"arr":1})", ""},
      {"SELECT color.red as red_value FROM 'a'", R"({"color":{"red":255},"t":50})",
       R"({"red_value":255})"},
      {"SELECT color.red FROM 'a'", R"({"color":{"red":255}})", R"({"red":255})"},
      {"SELECT foo.bar AS bar.baz FROM 'a'", R"({"foo":{"bar":1}})", R"({"bar":{"baz":1}})"},
      {"SELECT a AS x.y, b AS x.z, n AS q.r FROM 'a'", R"({"a":1,"b":2})",
       R"({"x":{"y":1,"z":2}})"},
      {"SELECT (t - 32) * 5 / 9 AS celsius, upper(color) as c FROM 'a'",
       R"({"color":"red","t":50})", R"({"celsius":10,"c":"RED"})"},
      {"SELECT NULL AS n FROM 'a'", "{}", R"({"n":null})"},
      {"SELECT * AS payload, topic() AS t FROM 'a'", R"({"a":1})",
       R"({"payload":{"a":1},"t":"device/soil1/devicePayload"})"},
      {"SELECT topic(2), timestamp() FROM 'a'", "{}",
       R"({"topic":"soil1","timestamp":1481825251155})"},
      {"SELECT value, e[1].v AS second FROM 'a'", R"({"value":7,"e":[{"v":1},{"v":2}]})",
       R"({"value":7,"second":2})"},
      {"SELECT {'lat': get(ll, 0), 'x': nothing, 'lon': get(ll,1)} as pos FROM 'a'",
       R"({"ll":[47.606,-122.332]})", R"({"pos":{"lat":47.606,"lon":-122.332}})"},
      {"SELECT [lat, long] as ll FROM 'a'", R"({"lat":47.696,"long":-122.332})",
       R"({"ll":[47.696,-122.332]})"},
      {"SELECT a, b FROM 'a'", R"({"a":"\u00e9\"\\\n\u0001"})",
       "{\"a\":\"\u00e9\\\"\\\\\\n\\u0001\"}"},
  };
  for (const Row& row : rows) EXPECT_EQ(run(row.sql, row.payload), row.out) << row.sql;
}

TEST_F(SqlTest, NumbersReadBackAsTheyCame) {
  for (const std::string_view number :
       {"54.98", "0.1", "-122.3359976", "1e+21", "22.5", "47.615694", "9007199254740993",
        "0.30000000000000004", "123456789.123456", "1e-07", "3.14159265358979",
        "-191.59030863330918", "115.86078780259345", "5e-324"}) {
    EXPECT_EQ(value("x", "{\"x\":" + std::string(number) + "}"), number);
  }
  for (int i = 0; i < 2000; ++i) {
    const std::string number = std::to_string(random_->below(1000)) + "." +
                               std::to_string(1 + random_->below(9999) * 10 + 1);
    EXPECT_EQ(value("x", "{\"x\":" + number + "}"), number);
  }
}

TEST_F(SqlTest, WhereLetsThroughWhatIsTrue) {
  constexpr std::string_view payload =
      R"({"humidity":29,"t":"20","name":"s","on":true,"off":"FALSE","n":null,"a":[1,"x"],"o":{"k":1.0}})";
  const std::pair<std::string_view, bool> rows[] = {
      {"humidity < 35", true},
      {"humidity > 35", false},
      {"t < 35", true},  // '20' is compared as a number
      {"'20' < 35", true},
      {"t = 20", false},  // but equals no number: mismatched types
      {"t <> 20", true},
      {"name < 5", false},  // not a number: Undefined
      {"nothing < 5", false},
      {"nothing = nothing", false},
      {"nothing <> 1", false},
      {"NOT nothing = 1", false},
      {"isUndefined(nothing)", true},
      {"n = NULL", true},
      {"isNull(n) AND NOT isNull(humidity)", true},
      {"on", true},
      {"NOT off", true},
      {"on AND 'TRUE'", true},
      {"on OR nothing", false},  // the table of OR: other values make it Undefined
      {"humidity >= 29 AND humidity <= 29", true},
      {"humidity = 29.0", true},
      {"humidity != 29", false},
      {"humidity in [1, 29]", true},
      {"name IN ('a', 's')", true},
      {"name NOT IN ['a', 's']", false},
      {"nothing IN ['a']", false},
      {"a = [1, 'x']", true},
      {"o = {'k': 1}", true},
      {"a <> [1]", true},
      {"humidity % 2 = 1 AND humidity + 1 = 30", true},
      {"humidity / 0 = 1", false},
      {"-humidity < -28", true},
      {"1 + 2 * 3 = 7 AND (1 + 2) * 3 = 9", true},
      {"NOT humidity = 1 AND on", true},
      {"timestamp() % 2 = 1", true},
      {"topic(2) = 'soil1'", true},
      {"startswith(topic(), 'device/')", true},
      {"5", false},
      {"n", false},
  };
  for (const auto& [where, expected] : rows) {
    const std::string out =
        run("Select 1 AS x FROM 'device/+/devicePayload' where " + std::string(where), payload);
    EXPECT_EQ(out, expected ? R"({"x":1})" : no_match) << where;
  }
}

TEST_F(SqlTest, CaseChoosesTheFirstMatch) {
  constexpr std::string_view expression =
      "CASE c WHEN 'green' THEN 'go' WHEN 'red' THEN 'stop' ELSE 'unknown' END";
  EXPECT_EQ(value(expression, R"({"c":"red"})"), R"("stop")");
  EXPECT_EQ(value(expression, R"({"c":5})"), R"("unknown")");
  EXPECT_EQ(value(expression, "{}"), "");
  EXPECT_EQ(value("CASE WHEN t > 5 THEN 'hot' WHEN t > 0 THEN 'mild' END", R"({"t":3})"),
            R"("mild")");
  EXPECT_EQ(value("CASE c WHEN 1 THEN 2 END", R"({"c":5})"), "");
}

TEST_F(SqlTest, OperatorsConvertAsDocumented) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"'a' + 1", R"("a1")"},
      {"1 + 'a'", R"("1a")"},
      {"'a' + true", R"("atrue")"},
      {"'a' + NULL", ""},
      {"1 + 2", "3"},
      {"1 + 2.5", "3.5"},
      {"true + 1", ""},
      {"'3' - 1", "2"},
      {"'x' - 1", ""},
      {"7 / 2", "3"},
      {"-7 / 2", "-3"},
      {"7 / 2.0", "3"},
      {"7.5 / 2", "3.75"},
      {"7 % 0", ""},
      {"1 / 0.0", ""},
      {"9223372036854775807 + 1", "9223372036854775808"},
      {"2 * '4'", "8"},
      {"1 < NULL", ""},
      {"[1] = [1.0]", "true"},
      {"{'a':1,'b':2} = {'b':2,'a':1}", "true"},
      {"'it''s'", R"("it's")"},
      {"\"say \"\"hi\"\"\"", R"("say \"hi\"")"},
      {"5E-1", "0.5"},
  };
  for (const auto& [expression, expected] : rows) {
    EXPECT_EQ(value(expression), expected) << expression;
  }
}

// The tables of = and <>: types that differ are unequal, Undefined makes the result so.
TEST_F(SqlTest, EqualityFollowsItsTables) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"1 = 1.0", "true"},        {"1 <> 2", "true"},           {"'a' = 'a'", "true"},
      {"'a' = 'A'", "false"},     {"[1, 2] = [2, 1]", "false"}, {"{'a': 1} <> {'a': 2}", "true"},
      {"NULL <> NULL", "false"},  {"NULL = NULL", "true"},      {"NULL = nothing", ""},
      {"nothing <> 1", ""},       {"'1' = 1", "false"},         {"'1' <> 1", "true"},
      {"true = 'true'", "false"}, {"true = true", "true"},
  };
  for (const auto& [expression, expected] : rows)
    EXPECT_EQ(value(expression), expected) << expression;
}

// The tables of AND, OR and NOT: booleans and their texts, all else is Undefined.
TEST_F(SqlTest, LogicFollowsItsTables) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"true AND 'True'", "true"},
      {"true AND 'x'", ""},
      {"true AND 1", ""},
      {"false AND NULL", ""},
      {"'false' OR true", "true"},
      {"true OR 5", ""},
      {"NOT 'FALSE'", "true"},
      {"NOT 0", ""},
      {"NOT nothing", ""},
      {"NOT NULL", ""},
      {"true and not false or false", "true"},
  };
  for (const auto& [expression, expected] : rows)
    EXPECT_EQ(value(expression), expected) << expression;
}

// The examples of nested object queries and of transform().
TEST_F(SqlTest, SelectsNest) {
  constexpr std::string_view senml = R"({"e":[{"n":"temperature","u":"Cel","t":1234,"v":22.5},)"
                                     R"({"n":"light","u":"lm","t":1235,"v":135},)"
                                     R"({"n":"acidity","u":"pH","t":1235,"v":7}],"want":"light"})";
  constexpr std::string_view parts =
      R"({"data2":{"a":"first","b":"second","c":[{"x":{"i":5},"y":true},{"x":{"i":10},"y":false}]}})";
  const Row rows[] = {
      {"SELECT (SELECT VALUE n FROM e) as sensors FROM 'a'", senml,
       R"({"sensors":["temperature","light","acidity"]})"},
      {"SELECT (SELECT v FROM e WHERE n = 'temperature') as temperature FROM 'a'", senml,
       R"({"temperature":[{"v":22.5}]})"},
      {"SELECT get((SELECT v FROM e WHERE n = 'temperature'), 0).v as temperature FROM 'a'", senml,
       R"({"temperature":22.5})"},
      {"SELECT (SELECT v * 2 AS twice, n FROM e WHERE v > 20) AS x FROM 'a'", senml,
       R"({"x":[{"twice":45,"n":"temperature"},{"twice":270,"n":"light"}]})"},
      {"SELECT (SELECT * FROM e WHERE v = 7) AS x FROM 'a'", senml,
       R"({"x":[{"n":"acidity","u":"pH","t":1235,"v":7}]})"},
      {"SELECT want IN (SELECT VALUE n FROM e) AS x FROM 'a'", senml, R"({"x":true})"},
      {"SELECT want FROM 'a' WHERE EXISTS (SELECT n FROM e WHERE v > 100)", senml,
       R"({"want":"light"})"},
      {"SELECT want FROM 'a' WHERE EXISTS (SELECT n FROM e WHERE v > 1000)", senml, no_match},
      {"SELECT (SELECT VALUE n FROM want) AS x FROM 'a'", senml, "{}"},
      {"SELECT (SELECT VALUE n FROM nothing) AS x FROM 'a'", senml, "{}"},
      {"select value transform('enrichArray', (select a, b from data2), (select value c from "
       "data2)) from 'a'",
       parts,
       R"([{"x":{"i":5},"y":true,"a":"first","b":"second"},)"
       R"({"x":{"i":10},"y":false,"a":"first","b":"second"}])"},
      {"SELECT (SELECT (SELECT VALUE i FROM x) AS i FROM data2.c) AS x FROM 'a'", parts,
       R"({"x":[{"i":5},{"i":10}]})"},
  };
  for (const Row& row : rows) EXPECT_EQ(run(row.sql, row.payload), row.out) << row.sql;
  EXPECT_EQ(refusal("SELECT (SELECT a FROM b) AS x FROM 'a'", Version::v2015_10_08),
            "a nested SELECT needs the SQL version 2016-03-23");
  EXPECT_EQ(refusal("SELECT (SELECT a) AS x FROM 'a'"),
            "expected FROM but found ')' at position 17");
}

TEST_F(SqlTest, VersionOf2015KeepsDecimalsAndKnowsLess) {
  EXPECT_EQ(value("x", R"({"x":10.0})", Version::v2015_10_08), "10.0");
  EXPECT_EQ(value("x", R"({"x":10.0})", Version::v2016_03_23), "10");
  EXPECT_EQ(value("power(2, 5)", "{}", Version::v2015_10_08), "32.0");
  EXPECT_EQ(value("sql_version()", "{}", Version::v2015_10_08), R"("2015-10-08")");
  EXPECT_EQ(refusal("SELECT [1] AS a FROM 'a'", Version::v2015_10_08),
            "an array literal needs the SQL version 2016-03-23");
  EXPECT_EQ(refusal("SELECT length(a) FROM 'a'", Version::v2015_10_08),
            "the function length needs the SQL version 2016-03-23");
}

// "If the message payload is not in JSON format, * returns the entire message payload as raw bytes"
// (JSON extensions).
TEST_F(SqlTest, PayloadsThatAreNotJson) {
  const std::string bytes("\x00\xff raw", 6);
  EXPECT_EQ(run("SELECT * FROM 'a'", bytes), bytes);
  EXPECT_EQ(run("SELECT * FROM 'a' WHERE timestamp() > 0", bytes), bytes);
  EXPECT_EQ(run("SELECT *, timestamp() AS ts FROM 'a'", bytes), bytes);
  EXPECT_EQ(run("SELECT encode(*, 'base64') AS data, timestamp() AS ts FROM 'a'", bytes),
            R"({"data":"AP8gcmF3","ts":1481825251155})");
  EXPECT_EQ(run("SELECT * FROM 'a' WHERE device_type = 'thermostat'", bytes), no_match);
  EXPECT_EQ(run("SELECT humidity FROM 'a'", bytes), no_match);
  EXPECT_EQ(run("SELECT *, topic(1) AS t FROM 'a'", ""), R"({"t":"device"})");
  EXPECT_EQ(run("SELECT *, topic(1) AS t FROM 'a'", "[1]"), "[1]");
}

TEST_F(SqlTest, SaysWhyNot) {
  EXPECT_EQ(why("SELECT * FROM 'a' WHERE humidity < 35", R"({"humidity":41})"),
            "WHERE humidity < 35 is false: humidity = 41");
  EXPECT_EQ(why("SELECT * FROM 'a' WHERE on AND humidity < 35", R"({"humidity":41,"on":true})"),
            "WHERE humidity < 35 is false: humidity = 41");
  EXPECT_EQ(why("SELECT * FROM 'a' WHERE humidity < 35", R"({"hum":41})"),
            "WHERE humidity < 35 is undefined: humidity = undefined");
  EXPECT_EQ(why("SELECT * FROM 'a' WHERE topic(2) = 'x' OR a = 1", R"({"a":2})"),
            "WHERE topic(2) = 'x' OR a = 1 is false: topic(2) = \"soil1\", a = 2");
  EXPECT_EQ(why("SELECT a FROM 'a'", "{"),
            "the payload is not JSON, and SELECT asks for names in it");
  EXPECT_EQ(why("SELECT * FROM 'a' WHERE a = 1", "{"),
            "WHERE a = 1 is undefined: a = undefined (the payload is not JSON)");
}

TEST_F(SqlTest, RefusesWhatItDoesNotKnowByName) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "expected SELECT but found the end at position 1"},
      {"SELECT", "expected an expression but found the end at position 7"},
      {"SELECT * FROM a/b",
       "expected a topic filter in single quotes but found 'a' at position 15"},
      {"SELECT * FROM 'a' WHERE", "expected an expression but found the end at position 24"},
      {"SELECT * FROM 'a' LIMIT 1",
       "expected the end of the statement but found 'LIMIT' at position 19"},
      {"SELECT 5 FROM 'a'", "the item at position 8 needs a name: AS name"},
      {"SET a = 1 SELECT * FROM 'a'", "expected a variable (@name) but found 'a' at position 5"},
      {"SET @a = 1, @a = 2 SELECT * FROM 'a'", "the variable @a is set twice"},
      {"SET @a = @b, @b = 2 SELECT * FROM 'a'", "the variable @b is not set"},
      {"SELECT @a AS a FROM 'a'", "the variable @a is not set"},
      {"SET @a = 1 SET @b = 2 SELECT * FROM 'a'", "expected SELECT but found 'SET' at position 12"},
      {"SET @a = 1 SELECT @a FROM 'a'", "the item at position 19 needs a name: AS name"},
      {"SELECT * FROM 'a' WHERE x LIKE 'y'", "the operator LIKE is not supported here"},
      {"SELECT * FROM 'a' WHERE x BETWEEN 1 AND 2", "the operator BETWEEN is not supported here"},
      {"SELECT * FROM 'a' WHERE EXISTS (x)", "expected SELECT but found 'x' at position 33"},
      {"SELECT get_thing_shadow('t','r') AS s FROM 'a'",
       "the function get_thing_shadow is not supported here"},
      {"SELECT aws_lambda('f', *) AS s FROM 'a'", "the function aws_lambda is not supported here"},
      {"SELECT machinelearning_predict('f') AS s FROM 'a'",
       "the function machinelearning_predict is not supported here"},
      {"SELECT nosuch(1) AS s FROM 'a'", "there is no function nosuch"},
      {"SELECT abs(1, 2) AS s FROM 'a'", "abs takes 1 arguments, not 2"},
      {"SELECT substring('a') AS s FROM 'a'", "substring takes 2 to 3 arguments, not 1"},
      {"SELECT regexp_matches(a, '(?=x)') AS s FROM 'a'",
       "the pattern of regexp_matches: invalid perl operator: (?="},
      {"SELECT parse_time('qq', 1) AS s FROM 'a'",
       "parse_time: the pattern 'qq' has a letter that is not supported here"},
      {"SELECT * FROM 'a/#/b'", "the topic filter 'a/#/b' has a '#' that is not its last level"},
      {"SELECT * FROM 'a+/b'", "the topic filter 'a+/b' has a '+' that is not a whole level"},
      {"SELECT * FROM 'a' WHERE a = 'b", "the text that begins at position 29 has no end"},
      {"SELECT a ; b FROM 'a'", "unexpected character ';' at position 10"},
      {"SELECT * FROM ''", "the topic filter '' is empty"},
  };
  for (const auto& [sql, expected] : rows) EXPECT_EQ(refusal(sql), expected) << sql;
}

TEST_F(SqlTest, HostileStatementsAndMessagesAreBounded) {
  EXPECT_EQ(refusal("SELECT " + std::string(5000, '(') + "1"),
            "the statement nests deeper than 64 levels");
  EXPECT_EQ(refusal("SELECT * FROM 'a' WHERE " + std::string(5000, '-') + "1 = 1"),
            "the statement nests deeper than 64 levels");
  std::string sum = "SELECT 1";
  for (int i = 0; i < 3000; ++i) sum += "+1";
  EXPECT_EQ(refusal(sum + " AS x FROM 'a'"), "the statement has more than 2048 parts");
  EXPECT_EQ(refusal(std::string(70000, ' ')), "the statement is longer than 65536 bytes");

  std::string doubling = "x";
  for (int i = 0; i < 30; ++i) doubling = "replace(" + doubling + ",'a','aa')";
  EXPECT_EQ(value(doubling, R"({"x":"a"})"), "");  // a gigabyte: Undefined instead
  EXPECT_EQ(run("SELECT 1 AS x FROM 'a' WHERE isUndefined(" + doubling + ")", R"({"x":"a"})"),
            no_match);

  // Rows of rows of rows cost what they are.
  std::string many = "[{}";
  for (int i = 0; i < 30'000; ++i) many += ",{}";
  EXPECT_EQ(value("(SELECT VALUE (SELECT VALUE b FROM [1, 2]) FROM e)", "{\"e\":" + many + "]}"),
            "");
  EXPECT_NE(refusal("SELECT " + std::string(200, '(') + "SELECT a FROM b"), "");

  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(run("SELECT x FROM 'a'", "{\"x\":" + deep + "}"),
            no_match);  // too deep to be JSON here
}

TEST_F(SqlTest, TemplatesExpandAgainstTheMessage) {
  const Message m = message(R"({"id":"iot123","n":5,"o":{"a":1},"f":54.98})");
  Input input(m);
  const auto expand = [&](std::string_view text) {
    auto made = Template::compile(text, Version::v2016_03_23);
    return made.has_error() ? "error: " + made.error().message() : made->expand(input);
  };
  EXPECT_EQ(expand("${topic()}/${timestamp()}"), "device/soil1/devicePayload/1481825251155");
  EXPECT_EQ(expand("plain"), "plain");
  EXPECT_EQ(expand("a/${id}-${n + 1}/${f}/${o}!"), R"(a/iot123-6/54.98/{"a":1}!)");
  EXPECT_EQ(expand("x${nothing}y${NULL}z"), "xyz");
  EXPECT_EQ(expand("${get({'a': '}'}, 'a')} $5 {x}"), "} $5 {x}");
  EXPECT_EQ(expand("${parse_time(\"yyyy/MM/dd\", timestamp(), \"UTC\")}"), "2016/12/15");
  EXPECT_EQ(expand("${id}'s"), "iot123's");  // a quote after the brace is plain text
  EXPECT_EQ(expand("${"), "error: expected an expression but found the end at position 3");
  EXPECT_EQ(expand("${a b}"), "error: expected '}' but found 'b' at position 5");
}

}  // namespace
}  // namespace cloudlet::iot::sql
