// Templates from text to meaning: what each notation reads as, what functions give, and every
// refusal with the service's sentence.
#include "deploy/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "deploy/document.h"
#include "deploy/functions.h"
#include "deploy/parameters.h"
#include "deploy/references.h"

namespace cloudlet::deploy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string read(std::string_view text, Aliases aliases = Aliases::refuse) {
  auto document = parse_document(text, aliases);
  return document.has_error() ? document.error().message() : json::serialize(document->root);
}

struct Notation {
  const char* name;
  const char* text;
  const char* meaning;
};

class Yaml : public testing::TestWithParam<Notation> {};
TEST_P(Yaml, ReadsAs) { EXPECT_EQ(read(GetParam().text), GetParam().meaning); }
INSTANTIATE_TEST_SUITE_P(
    Notations, Yaml,
    testing::Values(
        Notation{"DateStaysText", "Version: 2012-10-17", R"({"Version":"2012-10-17"})"},
        Notation{"NumbersAreNumbers", "a: 10\nb: -3\nc: 1.5", R"({"a":10,"b":-3,"c":1.5E0})"},
        Notation{"NumbersThatWouldPrintDifferentlyStayText",
                 "a: 1.10\nb: 012345678901\nc: 1e3\nd: 0x1F\ne: '22'",
                 R"({"a":"1.10","b":"012345678901","c":"1e3","d":"0x1F","e":"22"})"},
        Notation{"BooleansOfYaml11", "a: yes\nb: Off\nc: true\nd: 'yes'\ne: y",
                 R"({"a":true,"b":false,"c":true,"d":"yes","e":"y"})"},
        Notation{"MinutesAndSecondsStayText", "a: 22:22", R"({"a":"22:22"})"},
        Notation{"Nulls", "a: ~\nb:\nc: null", R"({"a":null,"b":null,"c":null})"},
        Notation{"Ref", "a: !Ref B", R"({"a":{"Ref":"B"}})"},
        Notation{"GetAttDotted", "a: !GetAtt B.C.D", R"({"a":{"Fn::GetAtt":["B","C.D"]}})"},
        Notation{"GetAttList", "a: !GetAtt [B, C]", R"({"a":{"Fn::GetAtt":["B","C"]}})"},
        Notation{"SubBlock", "a: !Sub |\n  x ${y}\n", R"({"a":{"Fn::Sub":"x ${y}\n"}})"},
        Notation{
            "NestedTags", "a: !Join ['-', [!Ref B, !FindInMap [M, !Ref R, X]]]",
            R"({"a":{"Fn::Join":["-",[{"Ref":"B"},{"Fn::FindInMap":["M",{"Ref":"R"},"X"]}]]}})"},
        Notation{"ConditionTag", "a: !And [!Condition B, !Not [!Condition C]]",
                 R"({"a":{"Fn::And":[{"Condition":"B"},{"Fn::Not":[{"Condition":"C"}]}]}})"},
        Notation{"ExplicitString", "a: !!str 10", R"({"a":"10"})"},
        Notation{"Unicode", "a: Grüße\nb: \"\\u263a\"", R"({"a":"Grüße","b":"☺"})"},
        Notation{"FlowMapping", "{a: 1, b: [x]}", R"({"a":1,"b":["x"]})"},
        Notation{"JsonItself", R"({"a": "\ud83d\ude00", "b": [1, 2.5, true, null]})",
                 R"({"a":"😀","b":[1,2.5E0,true,null]})"}),
    [](const auto& one) { return one.param.name; });

class BrokenText : public testing::TestWithParam<Notation> {};
TEST_P(BrokenText, IsRefusedWith) {
  EXPECT_THAT(read(GetParam().text), HasSubstr(GetParam().meaning));
}
INSTANTIATE_TEST_SUITE_P(
    Notations, BrokenText,
    testing::Values(
        Notation{"DuplicateKey", "a: 1\nb: 2\na: 3",
                 "YAML not well-formed. Duplicate key 'a' (line 3, column 1)"},
        Notation{"DuplicateKeyInJson", "{\"a\": 1,\n \"a\": 2}",
                 "JSON not well-formed. Duplicate key 'a' (line 2)"},
        Notation{"BadIndent", "a:\n  b: 1\n c: 2",
                 "Template format error: YAML not well-formed. (line 3"},
        Notation{"CutJson", "{\"a\": [1,", "Template format error: JSON not well-formed."},
        Notation{"AliasRefused", "a: &x 1\nb: *x",
                 "Template error: YAML aliases are not allowed in CloudFormation templates."},
        Notation{"UnknownTag", "a: !Foo b", "Unknown tag !Foo (line 1"},
        Notation{"PythonTag", "a: !!python/object:os.system b", "Unknown tag"},
        Notation{"Empty", "", "unsupported structure"},
        Notation{"AList", "- 1", "unsupported structure"},
        Notation{"AScalar", "hello", "unsupported structure"},
        Notation{"CollectionAsKey", "? [a, b]\n: c", "map keys must be strings"},
        Notation{"NotUtf8", "a: \xff\xfe", "not valid UTF-8"}),
    [](const auto& one) { return one.param.name; });

TEST(Document, AliasesAndMergeKeysExpandForTheCommandLine) {
  EXPECT_EQ(read("base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\nlist: [*b]", Aliases::expand),
            R"({"base":{"x":1,"y":2},"one":{"y":3,"x":1},"list":[{"x":1,"y":2}]})");
}

TEST(Document, ABillionLaughsIsRefusedBeforeItIsExpanded) {
  std::string text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += std::string(j ? "," : "") + "*a" + std::to_string(i - 1);
    text += "]\n";
  }
  EXPECT_THAT(read(text, Aliases::expand), HasSubstr("too many elements"));
}

TEST(Document, DepthIsBounded) {
  EXPECT_THAT(read("a: " + std::string(1000, '[') + std::string(1000, ']')),
              HasSubstr("Template format error"));
  EXPECT_THAT(read("{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + "}"),
              HasSubstr("Template format error"));
}

TEST(Document, KnowsTheLineOfEveryKey) {
  auto yaml = parse_document("a:\n  b:\n    c: 1\n");
  EXPECT_EQ(yaml->line("/a/b/c"), 3);
  EXPECT_EQ(yaml->line("/a/b/unknown/deeper"), 2);
  auto in_json = parse_document("{\n \"a\": {\n  \"b\": [\n {\"c\": 1}]}}");
  EXPECT_EQ(in_json->line("/a/b"), 3);
}

// The whole way to a checked template; the refusal if any.
std::string check(std::string_view text) {
  auto document = parse_document(text);
  if (document.has_error()) return document.error().message();
  auto of = read_template(*document);
  if (of.has_error()) return of.error().message();
  auto checked = check_references(*of);
  return checked.has_error() ? checked.error().message() : "accepted";
}

class Refused : public testing::TestWithParam<Notation> {};
TEST_P(Refused, With) { EXPECT_THAT(check(GetParam().text), StartsWith(GetParam().meaning)); }
INSTANTIATE_TEST_SUITE_P(
    Templates, Refused,
    testing::Values(
        Notation{"NoResources", "Description: x",
                 "Template format error: At least one Resources member must be defined."},
        Notation{"UnknownSection", "Resource: {}\nFoo: 1",
                 "Invalid template property or properties [Resource, Foo]"},
        Notation{"NoType", "Resources: {A: {Properties: {}}}",
                 "Template format error: [/Resources/A] Every Resources object must contain a Type "
                 "member."},
        Notation{"BadLogicalId", "Resources: {a-b: {Type: T}}",
                 "Template format error: Resource name 'a-b' is non alphanumeric."},
        Notation{"UnresolvedRef", "Resources: {A: {Type: T, Properties: {P: !Ref Nope}}}",
                 "Template format error: Unresolved resource dependencies [Nope] in the Resources "
                 "block of the template"},
        Notation{
            "UnresolvedSub",
            "Resources: {A: {Type: T, Properties: {P: !Sub '${Nope}-${!Literal}-${AWS::Region}'}}}",
            "Template format error: Unresolved resource dependencies [Nope] in the Resources block "
            "of the template"},
        Notation{"UnresolvedDependsOn", "Resources: {A: {Type: T, DependsOn: [B]}}",
                 "Template format error: Unresolved resource dependencies [B] in the Resources "
                 "block of the template"},
        Notation{"UnresolvedInOutputs",
                 "Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref Nope}}",
                 "Template format error: Unresolved resource dependencies [Nope] in the Outputs "
                 "block of the template"},
        Notation{"GetAttOfParameter",
                 "Parameters: {P: {Type: String}}\nResources: {A: {Type: T, Properties: {X: "
                 "!GetAtt P.Arn}}}",
                 "Template error: instance of Fn::GetAtt references undefined resource P"},
        Notation{"Cycle",
                 "Resources: {B: {Type: T, Properties: {X: !Ref A}}, A: {Type: T, DependsOn: B}, "
                 "C: {Type: T}}",
                 "Circular dependency between resources: [A, B]"},
        Notation{"OwnCycle", "Resources: {A: {Type: T, Properties: {X: !GetAtt A.B}}}",
                 "Circular dependency between resources: [A]"},
        Notation{"UnknownCondition", "Resources: {A: {Type: T, Condition: C}}",
                 "Template format error: Unresolved condition dependency C in the Resources block "
                 "of the template"},
        Notation{"UnknownConditionInIf",
                 "Resources: {A: {Type: T, Properties: {X: !If [C, 1, 2]}}}",
                 "Template format error: Unresolved condition dependency C in the Resources block "
                 "of the template"},
        Notation{"ResourceInCondition",
                 "Conditions: {C: !Equals [!Ref A, x]}\nResources: {A: {Type: T}}",
                 "Template format error: Unresolved dependencies [A]. Cannot reference resources "
                 "in the Conditions block"},
        Notation{"ConditionCycle",
                 "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}\nResources: {A: "
                 "{Type: T}}",
                 "Template format error: Circular dependency between conditions"},
        Notation{"NullProperty", "Resources: {A: {Type: T, Properties: {X: {Y: }}}}",
                 "Template format error: [/Resources/A/Properties/X/Y] 'null' values are not "
                 "allowed in templates"},
        Notation{"ParameterType", "Parameters: {P: {Type: Strin}}\nResources: {A: {Type: T}}",
                 "Template format error: Unrecognized parameter type: Strin"},
        Notation{"SsmParameter",
                 "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>'}}\nResources: {A: "
                 "{Type: T}}",
                 "Template format error: Parameter P has type AWS::SSM::Parameter::Value<String>, "
                 "which is not supported here"},
        Notation{"Snapshot", "Resources: {A: {Type: T, DeletionPolicy: Snapshot}}",
                 "Template error: resource A does not support DeletionPolicy Snapshot"},
        Notation{"CreationPolicy", "Resources:\n  A:\n    Type: T\n    CreationPolicy: {}",
                 "Template format error: Resource A has a CreationPolicy, which is not supported "
                 "here (line 4)"},
        Notation{"Rules", "Rules: {}\nResources: {A: {Type: T}}",
                 "Template format error: the Rules section is not supported here"},
        Notation{"UnknownMapping",
                 "Resources: {A: {Type: T, Properties: {X: !FindInMap [M, a, b]}}}",
                 "Template error: Mapping named 'M' is not present in the 'Mappings' section of "
                 "template."},
        Notation{"UnknownFunction", "Resources: {A: {Type: T, Properties: {X: {'Fn::Nope': 1}}}}",
                 "Template error: Encountered unsupported function: Fn::Nope Supported functions "
                 "are: ["},
        Notation{"UnknownFunctionInOutputs",
                 "Resources: {A: {Type: T}}\nOutputs: {O: {Value: {'Fn::Nope': 1}}}",
                 "Template error: Encountered unsupported function: Fn::Nope"},
        Notation{"FunctionBesideOthers",
                 "Resources: {A: {Type: T, Properties: {X: {'Fn::Base64': a, b: 1}}}}",
                 "Template format error: Fn::Base64 must be the only member of its object"},
        Notation{"Version", "AWSTemplateFormatVersion: 2010-09-10\nResources: {A: {Type: T}}",
                 "Template format error: Unsupported AWSTemplateFormatVersion"}),
    [](const auto& one) { return one.param.name; });

// Parameters.
struct Value {
  const char* name;
  const char* declared;
  std::vector<GivenParameter> given;
  const char* outcome;
};

class Parameters : public testing::TestWithParam<Value> {};
TEST_P(Parameters, Give) {
  auto document = parse_document(std::string("Parameters: {P: ") + GetParam().declared +
                                 "}\nResources: {A: {Type: T}}");
  ASSERT_TRUE(document.has_value());
  auto of = read_template(*document);
  ASSERT_TRUE(of.has_value()) << of.error().message();
  auto texts = resolve_parameters(*of, GetParam().given, {{"P", "before"}});
  EXPECT_EQ(texts.has_error() ? texts.error().message()
                              : json::serialize(parameter_value(of->parameters[0], (*texts)["P"])),
            GetParam().outcome);
}
INSTANTIATE_TEST_SUITE_P(
    Values, Parameters,
    testing::Values(
        Value{"Default", "{Type: String, Default: x}", {}, "\"x\""},
        Value{"NumberDefault", "{Type: Number, Default: 35}", {}, "\"35\""},
        Value{"Given", "{Type: String, Default: x}", {{"P", "y"}}, "\"y\""},
        Value{"Previous", "{Type: String}", {{"P", "", true}}, "\"before\""},
        Value{"List", "{Type: CommaDelimitedList}", {{"P", "a, b,c"}}, R"(["a","b","c"])"},
        Value{"Numbers", "{Type: List<Number>}", {{"P", "1,2"}}, R"(["1","2"])"},
        Value{"Missing", "{Type: String}", {}, "Parameters: [P] must have values"},
        Value{"Unknown",
              "{Type: String, Default: x}",
              {{"Q", "1"}},
              "Parameters: [Q] do not exist in the template"},
        Value{"NotAllowed",
              "{Type: String, AllowedValues: [a, b]}",
              {{"P", "c"}},
              "Parameter 'P' must be one of AllowedValues"},
        Value{"Constraint",
              "{Type: String, AllowedValues: [t2.micro], ConstraintDescription: must be a valid "
              "EC2 instance type.}",
              {{"P", "c"}},
              "Parameter P failed to satisfy constraint: must be a valid EC2 instance type."},
        Value{"Pattern",
              "{Type: String, AllowedPattern: '[a-z]+'}",
              {{"P", "a1"}},
              "Parameter 'P' must match pattern [a-z]+"},
        Value{"Short",
              "{Type: String, MinLength: '9'}",
              {{"P", "a"}},
              "Parameter 'P' must contain at least 9 characters"},
        Value{"Long",
              "{Type: String, MaxLength: 2}",
              {{"P", "abc"}},
              "Parameter 'P' must contain at most 2 characters"},
        Value{"NotANumber", "{Type: Number}", {{"P", "abc"}}, "Parameter 'P' must be a number"},
        Value{
            "NumberThatIsNone", "{Type: Number}", {{"P", "nan"}}, "Parameter 'P' must be a number"},
        Value{
            "NumberWithoutEnd", "{Type: Number}", {{"P", "inf"}}, "Parameter 'P' must be a number"},
        Value{
            "LengthCountsCharacters", "{Type: String, MaxLength: 4}", {{"P", "äöüß"}}, "\"äöüß\""},
        Value{"ShortInCharacters",
              "{Type: String, MinLength: 3}",
              {{"P", "äö"}},
              "Parameter 'P' must contain at least 3 characters"},
        Value{"PatternOfAlternatives",
              "{Type: String, AllowedPattern: 'a|b'}",
              {{"P", "ab"}},
              "Parameter 'P' must match pattern a|b"},
        Value{"TooSmall",
              "{Type: Number, MinValue: 5}",
              {{"P", "4"}},
              "Parameter 'P' must be a number not less than 5"},
        Value{"TooLarge",
              "{Type: List<Number>, MaxValue: 5.5}",
              {{"P", "4,6"}},
              "Parameter 'P' must be a number not greater than 5.5"}),
    [](const auto& one) { return one.param.name; });

// Functions.
constexpr std::string_view functions_template = R"(
Parameters:
  Name: {Type: String, Default: soil}
  List: {Type: CommaDelimitedList, Default: 'a,b,c'}
Mappings:
  RegionMap: {eu-west-1: {AMI: ami-1}}
Conditions:
  IsSoil: !Equals [!Ref Name, soil]
  IsNot: !Not [!Condition IsSoil]
  Both: !And [!Condition IsSoil, !Condition IsNot]
  Either: !Or [!Condition Both, !Condition IsSoil]
Resources:
  Topic: {Type: T}
  Bucket: {Type: T}
)";

std::string evaluated(std::string_view expression, const std::string& more = {}) {
  auto document = parse_document(more + std::string(functions_template));
  auto of = read_template(*document);
  if (of.has_error()) return of.error().message();
  const ParameterTexts texts = *resolve_parameters(*of, {}, {});
  auto in = make_environment(*of, {.account = "000000000000", .region = "eu-west-1"}, "arn:stack",
                             "demo", texts);
  if (in.has_error()) return in.error().message();
  in->reference = [](const std::string& id) -> Result<json::value> {
    return json::value("ref-" + id);
  };
  in->attribute = [](const std::string& id, const std::string& name) -> Result<json::value> {
    return json::value(id + "/" + name);
  };
  in->import = [](const std::string& name) -> Result<std::string> { return "imported " + name; };
  auto value_document = parse_document("v: " + std::string(expression));
  if (value_document.has_error()) return value_document.error().message();
  auto value = evaluate(value_document->root.at("v"), *in);
  if (value.has_error()) return value.error().message();
  return value->has_value() ? json::serialize(**value) : "nothing";
}

class Functions : public testing::TestWithParam<Notation> {};
TEST_P(Functions, Give) { EXPECT_EQ(evaluated(GetParam().text), GetParam().meaning); }
INSTANTIATE_TEST_SUITE_P(
    Intrinsic, Functions,
    testing::Values(
        Notation{"RefParameter", "!Ref Name", "\"soil\""},
        Notation{"RefResource", "!Ref Topic", "\"ref-Topic\""},
        Notation{"RefList", "!Ref List", R"(["a","b","c"])"},
        Notation{"Region", "!Ref AWS::Region", "\"eu-west-1\""},
        Notation{"NoValue", "!Ref AWS::NoValue", "nothing"},
        Notation{"NoValueInMap", "{a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, 1]}",
                 R"({"b":[1]})"},
        Notation{"GetAtt", "!GetAtt Topic.TopicName", "\"Topic/TopicName\""},
        Notation{"GetAttNested", "!GetAtt Topic.A.B", "\"Topic/A.B\""},
        Notation{"Sub", "!Sub 'arn:aws:s3:::${Bucket}/*'", "\"arn:aws:s3:::ref-Bucket/*\""},
        Notation{"SubAttribute", "!Sub '${Topic.Arn} ${AWS::AccountId} ${!iot:ClientId}'",
                 "\"Topic/Arn 000000000000 ${iot:ClientId}\""},
        Notation{"SubMap", "!Sub ['${a}-${Name}', {a: !Ref Topic}]", "\"ref-Topic-soil\""},
        Notation{"SubLeavesRuleSyntax", "!Sub 'x $5 {y} ${'", "\"x $5 {y} ${\""},
        Notation{"TextIsNotSubstituted", "'${topic()}/${timestamp()}'",
                 "\"${topic()}/${timestamp()}\""},
        Notation{"Join", "!Join ['-', [a, !Ref Name, 3]]", "\"a-soil-3\""},
        Notation{"JoinList", "!Join ['', !Ref List]", "\"abc\""},
        Notation{"Select", "!Select [1, !Ref List]", "\"b\""},
        Notation{"SelectText", "!Select ['0', [x]]", "\"x\""},
        Notation{"SelectBeyond", "!Select [7, !Ref List]",
                 "Template error: Fn::Select cannot select nonexistent value at index 7"},
        Notation{"Split", "!Split [',', 'a,b,']", R"(["a","b",""])"},
        Notation{"FindInMap", "!FindInMap [RegionMap, !Ref AWS::Region, AMI]", "\"ami-1\""},
        Notation{"FindInMapMissing", "!FindInMap [RegionMap, mars, AMI]",
                 "Template error: Unable to get mapping for RegionMap::mars::AMI"},
        Notation{"If", "!If [IsSoil, a, b]", "\"a\""},
        Notation{"IfNot", "!If [Both, a, !Ref AWS::NoValue]", "nothing"},
        Notation{"IfEither", "!If [Either, {x: 1}, b]", R"({"x":1})"},
        Notation{"Base64", "!Base64 hello", "\"aGVsbG8=\""},
        Notation{"Zones", "!GetAZs ''", R"(["eu-west-1a","eu-west-1b","eu-west-1c"])"},
        Notation{"Import", "!ImportValue {'Fn::Sub': '${Name}-x'}", "\"imported soil-x\""},
        Notation{"LengthWithoutExtensions", "{'Fn::Length': [1]}",
                 "Template error: Encountered unsupported function: Fn::Length Supported functions "
                 "are: [Fn::Base64, Fn::GetAtt, "
                 "Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, "
                 "Ref, Fn::Equals, Fn::If, Fn::Not, "
                 "Condition, Fn::And, Fn::Or, Fn::Sub, Fn::Cidr]"},
        Notation{"Cidr", "!Cidr ['10.1.2.3/16', 3, 8]",
                 R"(["10.1.0.0/24","10.1.1.0/24","10.1.2.0/24"])"},
        Notation{"CidrOfOne", "!Select [0, !Cidr ['192.168.0.0/24', '1', '6']]",
                 "\"192.168.0.0/26\""},
        Notation{"CidrOfIpv6", "!Cidr ['2001:db8::/56', 2]",
                 R"(["2001:db8::/64","2001:db8:0:1::/64"])"},
        Notation{"CidrBeyondTheBlock", "!Cidr ['10.0.0.0/24', 3, 7]",
                 "Template error: Fn::Cidr block has 2 such parts, not 3"},
        Notation{"CidrOfNothing", "!Cidr [here, 1, 8]",
                 "Template error: Fn::Cidr needs an address block such as 10.0.0.0/16, not here"},
        Notation{"DefaultValueWithoutExtensions",
                 "!FindInMap [RegionMap, mars, AMI, {DefaultValue: x}]",
                 "Template error: Fn::FindInMap requires a list argument of 3 elements"},
        Notation{"PolicyConditionIsNoFunction", "{Condition: {StringEquals: {a: b}}}",
                 R"({"Condition":{"StringEquals":{"a":"b"}}})"}),
    [](const auto& one) { return one.param.name; });

TEST(Functions, LanguageExtensionsBringMore) {
  const std::string extended = "Transform: AWS::LanguageExtensions\n";
  EXPECT_EQ(evaluated("{'Fn::Length': [1, 2]}", extended), "2");
  EXPECT_EQ(evaluated("!FindInMap [RegionMap, mars, AMI, {DefaultValue: !Ref Name}]", extended),
            "\"soil\"");
  EXPECT_EQ(evaluated("!FindInMap [NoMap, mars, AMI, {DefaultValue: x}]", extended), "\"x\"");
  EXPECT_EQ(evaluated("!FindInMap [RegionMap, eu-west-1, AMI, {DefaultValue: x}]", extended),
            "\"ami-1\"");
  EXPECT_EQ(evaluated("!FindInMap [RegionMap, mars, AMI, {Default: x}]", extended),
            "Template error: the fourth argument of Fn::FindInMap must be a DefaultValue");
}

TEST(References, TheGraphFollowsRefGetAttSubAndDependsOn) {
  auto document = parse_document(
      "Resources:\n  A: {Type: T}\n  B: {Type: T, Properties: {X: !Ref A}}\n  C: {Type: T, "
      "Properties: {X: !Sub '${B.Arn}'}}\n"
      "  D: {Type: T, DependsOn: [A, C]}\n");
  const auto of = read_template(*document);
  const Graph graph = dependencies(*of);
  EXPECT_EQ(graph.at("A"), (std::set<std::string>{}));
  EXPECT_EQ(graph.at("B"), (std::set<std::string>{"A"}));
  EXPECT_EQ(graph.at("C"), (std::set<std::string>{"B"}));
  EXPECT_EQ(graph.at("D"), (std::set<std::string>{"A", "C"}));
}

}  // namespace
}  // namespace cloudlet::deploy
