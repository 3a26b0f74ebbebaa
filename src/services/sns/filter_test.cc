// Filter policies, one case a line: what matches, what does not, what is refused.
#include "services/sns/filter.h"

#include <gtest/gtest.h>

namespace cloudlet::sns {
namespace {

struct Case {
  const char* policy;
  const char*
      message;  // body scope: the message; attribute scope: "name|type|value", several with ';'
  bool matches;
};

MessageAttributes parse(const std::string& text) {
  MessageAttributes attributes;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(';', at), text.size());
    const std::string one = text.substr(at, end - at);
    const std::size_t first = one.find('|'), second = one.find('|', first + 1);
    MessageAttributeValue value{.data_type = one.substr(first + 1, second - first - 1)};
    (value.data_type == "Binary" ? value.binary_value : value.string_value) =
        one.substr(second + 1);
    attributes[one.substr(0, first)] = value;
    at = end + 1;
  }
  return attributes;
}

bool matches(const Case& c, FilterScope scope) {
  const auto filter = Filter::compile(c.policy, scope);
  EXPECT_TRUE(filter.has_value()) << c.policy << ": "
                                  << (filter.has_error() ? filter.error().message() : "");
  if (filter.has_error()) return !c.matches;
  const MessageAttributes attributes =
      scope == FilterScope::attributes ? parse(c.message) : MessageAttributes();
  const auto answer = filter->match({c.message, attributes});
  EXPECT_EQ(answer.matches, answer.reason.empty()) << c.policy;
  return answer.matches;
}

TEST(Filter, Attributes) {
  const Case cases[] = {
      {R"({"store":["a"]})", "store|String|a", true},
      {R"({"store":["a"]})", "store|String|b", false},
      {R"({"store":["a"]})", "other|String|a", false},
      {R"({"store":["a"]})", "", false},
      {R"({"store":["a","b"]})", "store|String|b", true},
      {R"({"store":["a"],"price":[5]})", "store|String|a;price|Number|5", true},
      {R"({"store":["a"],"price":[5]})", "store|String|a;price|Number|5.0", true},
      {R"({"store":["a"],"price":[5]})", "store|String|a;price|Number|6", false},
      {R"({"price":["5"]})", "price|Number|5", false},
      {R"({"price":[5]})", "price|String|5", false},
      {R"({"price":[5]})", "price|Number.int|5", true},
      {R"({"s":[{"prefix":"ev"}]})", "s|String|event", true},
      {R"({"s":[{"prefix":"ev"}]})", "s|String|never", false},
      {R"({"s":[{"suffix":".png"}]})", "s|String|a.png", true},
      {R"({"s":[{"suffix":".png"}]})", "s|String|a.jpg", false},
      {R"({"s":[{"equals-ignore-case":"TENNIS"}]})", "s|String|tEnnis", true},
      {R"({"s":[{"anything-but":["a","b"]}]})", "s|String|c", true},
      {R"({"s":[{"anything-but":["a","b"]}]})", "s|String|a", false},
      {R"({"s":[{"anything-but":"a"}]})", "s|String|b", true},
      {R"({"s":[{"anything-but":["a"]}]})", "", false},
      {R"({"s":[{"anything-but":{"prefix":"a"}}]})", "s|String|b", true},
      {R"({"s":[{"anything-but":{"prefix":"a"}}]})", "s|String|ab", false},
      {R"({"s":[{"anything-but":{"suffix":"z"}}]})", "s|String|az", false},
      {R"({"p":[{"anything-but":[100,500]}]})", "p|Number|101", true},
      {R"({"p":[{"anything-but":[100,500]}]})", "p|Number|100", false},
      {R"({"p":[{"numeric":["=",301.5]}]})", "p|Number|3.015e2", true},
      {R"({"p":[{"numeric":["<",35]}]})", "p|Number|32", true},
      {R"({"p":[{"numeric":["<",35]}]})", "p|Number|35", false},
      {R"({"p":[{"numeric":[">",0,"<=",150]}]})", "p|Number|150", true},
      {R"({"p":[{"numeric":[">",0,"<=",150]}]})", "p|Number|0", false},
      {R"({"p":[{"numeric":[">",0]}]})", "p|String|5", false},
      {R"({"s":[{"exists":true}]})", "s|String|any", true},
      {R"({"s":[{"exists":true}]})", "s|Binary|any", true},
      {R"({"s":[{"exists":true}]})", "t|String|any", false},
      {R"({"s":[{"exists":false}]})", "t|String|any", true},
      {R"({"s":[{"exists":false}]})", "s|String|any", false},
      {R"({"s":["a"]})", "s|Binary|a", false},
      {R"({"s":["rugby"]})", "s|String.Array|[\"soccer\",\"rugby\"]", true},
      {R"({"s":["tennis"]})", "s|String.Array|[\"soccer\",\"rugby\"]", false},
      {R"({"s":[5]})", "s|String.Array|[1,5]", true},
      {R"({"s":[true]})", "s|String.Array|[true]", true},
      {R"({"s":[null]})", "s|String.Array|[null]", true},
      {R"({"s":[{"cidr":"10.0.0.0/24"}]})", "s|String|10.0.0.255", true},
      {R"({"s":[{"cidr":"10.0.0.0/24"}]})", "s|String|10.0.1.1", false},
      {R"({"s":[{"cidr":"10.0.0.0/24"}]})", "s|String|tent", false},
      {R"({"s":[{"cidr":"2001:db8::/32"}]})", "s|String|2001:db8::1", true},
      {R"({"$or":[{"a":["1"]},{"b":["2"]}]})", "b|String|2", true},
      {R"({"$or":[{"a":["1"]},{"b":["2"]}]})", "b|String|3", false},
      {R"({"c":["x"],"$or":[{"a":["1"]},{"b":["2"]}]})", "b|String|2", false},
      {R"({"c":["x"],"$or":[{"a":["1"]},{"b":["2"]}]})", "b|String|2;c|String|x", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(matches(c, FilterScope::attributes), c.matches) << c.policy << " " << c.message;
}

TEST(Filter, Body) {
  const Case cases[] = {
      {R"({"store":["a"]})", R"({"store":"a"})", true},
      {R"({"store":["a"]})", R"({"store":"b"})", false},
      {R"({"store":["a"]})", R"({"store":["b","a"]})", true},
      {R"({"store":["a"]})", R"({"store":{"a":1}})", false},
      {R"({"store":["a"]})", "no JSON", false},
      {R"({"store":["a"]})", "[1]", false},
      {R"({"store":["a"]})", "", false},
      {R"({"n":[5]})", R"({"n":5})", true},
      {R"({"n":["5"]})", R"({"n":5})", false},
      {R"({"n":[true]})", R"({"n":true})", true},
      {R"({"n":[null]})", R"({"n":null})", true},
      {R"({"n":[{"numeric":["<",35]}]})", R"({"n":32.5})", true},
      {R"({"n":[{"exists":false}]})", R"({"m":1})", true},
      {R"({"n":[{"exists":true}]})", R"({"n":null})", true},
      {R"({"n":[{"exists":true}]})", R"({"n":{"deeper":1}})", false},
      {R"({"a":{"b":["x"]}})", R"({"a":{"b":"x"}})", true},
      {R"({"a":{"b":["x"]}})", R"({"a":{"b":"y"}})", false},
      {R"({"a":{"b":["x"]}})", R"({"a":"x"})", false},
      {R"({"a":{"b":["x"]}})", R"({"b":"x"})", false},
      {R"({"a":{"b":[{"exists":false}]}})", R"({"c":1})", true},
      {R"({"a":{"b":{"c":["x"]}}})", R"({"a":{"b":{"c":"x"}}})", true},
      {R"({"a":{"b":["x"]}})", R"({"a":[{"b":"y"},{"b":"x"}]})", true},
      {R"({"a":{"b":["x"]}})", R"({"a":[{"b":"y"},{"c":"x"}]})", false},
      {R"({"a":{"$or":[{"b":["x"]},{"c":["y"]}]}})", R"({"a":{"c":"y"}})", true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(matches(c, FilterScope::body), c.matches) << c.policy << " " << c.message;
}

TEST(Filter, Refused) {
  const struct {
    const char* policy;
    const char* message;
  } cases[] = {
      {"not json", "FilterPolicy: failed to parse JSON."},
      {"[]", "FilterPolicy: failed to parse JSON."},
      {R"({"a":"b"})", "FilterPolicy: \"a\" must be an object or an array"},
      {R"({"a":[]})", "FilterPolicy: Empty arrays are not allowed"},
      {R"({"a":{"b":["c"]}})",
       "Filter policy scope MessageAttributes does not support nested filter policy"},
      {R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})",
       "FilterPolicy: Filter policy can not have more than 5 keys"},
      {R"({"a":[{"wild":"x"}]})", "FilterPolicy: Unrecognized match type wild"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})",
       "FilterPolicy: Only one key allowed in match expression"},
      {R"({"a":[{"prefix":5}]})", "FilterPolicy: prefix match pattern must be a string"},
      {R"({"a":[{"exists":"yes"}]})",
       "FilterPolicy: exists match pattern must be either true or false."},
      {R"({"a":[{"numeric":5}]})", "FilterPolicy: Value of numeric must be an array."},
      {R"({"a":[{"numeric":["~",5]}]})",
       "FilterPolicy: Unrecognized numeric range operator: \"~\""},
      {R"({"a":[{"numeric":["<",5,">",1]}]})", "FilterPolicy: Bad numeric range operator"},
      {R"({"a":[{"numeric":[">",5,"<",1]}]})", "FilterPolicy: Bottom must be less than top"},
      {R"({"a":[{"numeric":["="]}]})", "FilterPolicy: Value of numeric must be numeric"},
      {R"({"a":[{"cidr":"10.0.0.1"}]})", "FilterPolicy: Malformed CIDR, one '/' required"},
      {R"({"a":[{"cidr":"10.0.0.1/33"}]})", "FilterPolicy: Malformed CIDR, one '/' required"},
      {R"({"$or":[{"a":["b"]}]})",
       "FilterPolicy: There must be at least 2 objects in $or relationship"},
      {R"({"a":[[1]]})", "FilterPolicy: Match value must be String, number, true, false, or null"},
      {R"({"a":[2000000000]})", "FilterPolicy: Value of number must be between -1.0E9 and 1.0E9"},
  };
  for (const auto& c : cases) {
    const auto filter = Filter::compile(c.policy, FilterScope::attributes);
    ASSERT_TRUE(filter.has_error()) << c.policy;
    EXPECT_EQ(filter.error().message(), c.message) << c.policy;
  }
}

TEST(Filter, TooManyCombinations) {
  const char* policy =
      R"({"a":{"b":{"c":["1","2","3","4"]}},"d":{"e":["1","2","3"]},"f":["1","2","3"]})";
  const auto filter = Filter::compile(policy, FilterScope::body);
  ASSERT_TRUE(filter.has_error());
  EXPECT_EQ(filter.error().message(), "FilterPolicy: Filter policy is too complex");
}

TEST(Filter, SaysWhyNot) {
  const auto filter = Filter::compile(R"({"store":["a"]})", FilterScope::attributes).value();
  const MessageAttributes attributes = parse("store|String|b");
  EXPECT_EQ(filter.match({"", attributes}).reason, "attribute 'store' is b");
  EXPECT_EQ(filter.match({"", {}}).reason, "there is no attribute 'store'");
}

}  // namespace
}  // namespace cloudlet::sns
