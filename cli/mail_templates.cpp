// The task files about mail that `deed init` writes; the same are in examples/tasks.
#include "deed/cli/mail_templates.hpp"

namespace deed {

const std::string_view answer_template = R"yaml(# An answer to each mail that comes in, as a draft: `deed watch mail answer.yaml --draft`.
deed: 1
name: answer
description: Reads a mail and writes an answer to it.

inputs:
  mail: {type: string, description: "The mail's id; deed watch mail gives it"}
  manner: {type: string, default: friendly and short}

budget: {max_cost: 0.05, max_time: 5m}

steps:
  - id: read
    tool: email.read
    with: {id: "{{inputs.mail}}"}

  # A model without tools: whatever the mail says, it can only become text here.
  - id: letter
    if: not steps.read.out.automatic
    llm: "Write a {{inputs.manner}} answer to this mail, without a subject line. From {{steps.read.out.from_name}}, about {{steps.read.out.subject}}:\n\n{{steps.read.out.text | first(20000)}}"
    budget: {max_tokens: 20000}

  # Whom it goes to, and the thread, come from the mail itself. With --draft nothing is sent.
  - id: answer
    if: not steps.read.out.automatic
    tool: email.reply
    with: {id: "{{inputs.mail}}", text: "{{steps.letter.text}}"}
)yaml";

const std::string_view newsletter_template = R"yaml(# One letter to many, each of whom can leave with one click.
deed: 1
name: newsletter
description: Mails a letter in Markdown to everybody in a file.

inputs:
  letter: {type: string, format: path, default: letter.md, description: "A text in Markdown"}
  people: {type: string, format: path, default: people.csv, description: "Columns: email, unsubscribe (a link for this reader)"}
  subject: {type: string, default: News}

steps:
  - id: letter
    tool: file.read
    with: {path: "{{inputs.letter}}"}

  # `unsubscribe` becomes List-Unsubscribe with one click (RFC 8058), and says that no person wrote to one alone.
  - id: mail
    for: {csv: "{{inputs.people}}", key: row.email, max: 10000, concurrency: 8}
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "{{inputs.subject}}"
      text: "{{steps.letter.out.content}}\n\nNo more of this: {{row.unsubscribe}}"
      html: "{{steps.letter.out.content | markdown}}<p><a href=\"{{row.unsubscribe}}\">No more of this</a></p>"
      unsubscribe: "{{row.unsubscribe}}"
    approve: {first: 1}
    on_error: continue

outputs:
  sent: "{{steps.mail.count}}"
  failed: "{{steps.mail.failures}}"
)yaml";

const std::string_view invoices_template = R"yaml(# The month's invoices: one mail a row of a CSV file, with the row's PDF.
deed: 1
name: invoices
description: Mails everybody in a file an invoice that is a PDF.

inputs:
  invoices: {type: string, format: path, default: invoices.csv, description: "Columns: number, name, email, amount, pdf (a path)"}
  month: {type: string, default: this month}

steps:
  # The number of the invoice is what the mail is for: whoever has two gets two, and neither twice.
  - id: mail
    for: {csv: "{{inputs.invoices}}", key: row.number, max: 10000, concurrency: 8}
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "Invoice {{row.number}}"
      text: |
        Dear {{row.name}},

        please find attached the invoice for {{inputs.month}}: {{row.amount}} EUR.
      attachments: ["{{row.pdf}}"]
    # The first is shown whole before anything is sent, and all large ones.
    approve: {first: 1, when: "row.amount | number > 1000"}
    on_error: continue

outputs:
  sent: "{{steps.mail.count}}"
  failed: "{{steps.mail.failures}}"
)yaml";

}  // namespace deed
