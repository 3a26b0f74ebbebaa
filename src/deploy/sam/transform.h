// The transform AWS::Serverless-2016-10-31: AWS::Serverless::Function becomes what it stands for.
// Logical ids and properties are those of the real transform (aws/serverless-application-model), so
// that stacks move between here and there.
#pragma once

#include <string>

#include "base/result.h"
#include "deploy/document.h"
#include "deploy/parameters.h"

namespace cloudlet::deploy::sam {

inline constexpr std::string_view transform_name = "AWS::Serverless-2016-10-31";

// Whether the template asks for it.
bool wanted(const json::object& root);

// The template without its Transform and Globals, serverless resources replaced. All that is wrong
// is said in one error, as the real transform does: "Transform AWS::Serverless-2016-10-31 failed
// with: Invalid Serverless Application Specification document. Number of errors found: 2. Resource
// with id [...] is invalid. ...". `given`: the parameters' values where they are known already
// (defaults count where not); a few settings are looked up in them.
Result<json::object> transform(const Document& document, const ParameterTexts& given = {});

}  // namespace cloudlet::deploy::sam
