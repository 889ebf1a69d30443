// How a mail goes out, whoever wrote it: by SMTP one transaction a recipient, into the outbox while no server is configured, or into the folder of drafts;
// and how it is found out afterwards whether it did. Internal.
#pragma once

#include "deed/tools/email_mail.hpp"
#include "deed/tools/tool.hpp"

#include <functional>

namespace deed {

/// The mail that arguments mean: pure but for reading local files, the same for the preview, each attempt and the probe.
using MailMaker = std::function<Result<Mail>(const Json& arguments)>;

/// A tool of this spec that sends what `make` makes. Sets the spec's effect class, and all that comes with it.
Tool mail_tool(ToolSpec spec, EmailOptions options, MailMaker make);

}  // namespace deed
