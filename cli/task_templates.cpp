#include "deed/cli/task_templates.hpp"

#include "deed/cli/mail_templates.hpp"

#include <array>

namespace deed {
namespace {

constexpr std::string_view digest = R"yaml(# Three pages, summed up and mailed to a team.
deed: 1
name: digest
description: Reads three pages, sums each up, and mails the sums to a team.

inputs:
  to:
    type: array
    items: {type: string, format: email}
    minItems: 1
    description: Who gets the mail
  pages:
    type: array
    items: {type: string, format: uri}
    maxItems: 10
    default: [https://example.org, https://example.com, https://example.net]

budget: {max_cost: 0.50, max_time: 10m}

steps:
  # One call a page. A page that cannot be read does not stop the others, nor the mail.
  - id: fetch
    for: {list: "{{inputs.pages}}", key: item, concurrency: 3}
    tool: http.get
    with: {url: "{{item}}"}
    timeout: 30s
    retry: 3
    on_error: continue

  # A model without tools: whatever a page says, it can only become text here.
  - id: summary
    for: {list: "{{steps.fetch.out}}"}
    if: exists item.body
    llm: "Sum up this page in three sentences. Page {{item.url}}:\n\n{{item.body | first(20000)}}"
    budget: {max_tokens: 20000}

  - id: letter
    llm: "Put these summaries together as the text of one short mail: {{steps.summary.out | json}}"
    budget: {max_tokens: 20000}

  - id: mail
    for: {list: "{{inputs.to}}", key: item}
    tool: email.send
    with:
      to: ["{{item}}"]
      subject: "Digest of {{run.date}}"
      text: "{{steps.letter.text}}"

outputs:
  mails: "{{steps.mail.count}}"
)yaml";

constexpr std::string_view watch = R"yaml(# A page is compared with what it was at the last run; if it changed, somebody gets a mail.
deed: 1
name: watch
description: Mails when a page changes.

inputs:
  url: {type: string, format: uri, description: The page to watch}
  to: {type: string, format: email, description: Who gets the mail}
  file: {type: string, format: path, default: watched.txt, description: Where the page is kept until the next run}

steps:
  - id: page
    tool: http.get
    with: {url: "{{inputs.url}}"}
    timeout: 30s
    retry: {max: 5, wait: 10s}

  # At the first run there is no file yet.
  - id: before
    tool: file.read
    with: {path: "{{inputs.file}}", max_bytes: 1000000}
    on_error: continue

  - id: mail
    if: "steps.before.status == 'done' and steps.before.out.content != steps.page.out.body"
    tool: email.send
    with:
      to: ["{{inputs.to}}"]
      subject: "{{inputs.url}} has changed"
      text: "It is now:\n\n{{steps.page.out.body | first(5000)}}"

  # After the mail: if that is not sent, the next run sees the change again.
  - id: keep
    tool: file.write
    with: {path: "{{inputs.file}}", content: "{{steps.page.out.body}}"}

outputs:
  mail: "{{steps.mail.status}}"
)yaml";

constexpr std::string_view json = R"yaml(# JSON is fetched, changed, and posted record by record.
deed: 1
name: json
description: Copies records from one service to another.

inputs:
  from: {type: string, format: uri, description: "Gives a JSON list of records with id, name and amount"}
  to: {type: string, format: uri, description: Takes one record a POST}
  least: {type: number, default: 10}

secrets: [api_token]

steps:
  - id: source
    tool: http.get
    with: {url: "{{inputs.from}}"}
    retry: 3

  # `key` names each record, so that a run that was broken off goes on with those that are left.
  - id: send
    for: {list: "{{steps.source.out.body | parse}}", key: item.id, max: 1000, concurrency: 4}
    if: "item.amount >= inputs.least"
    tool: http.request
    with:
      method: POST
      url: "{{inputs.to}}"
      headers:
        Content-Type: application/json
        Authorization: "Bearer {{secrets.api_token}}"
      body: '{"id": {{item.id | json}}, "title": {{item.name | trim | upper | json}}, "amount": {{item.amount}}}'
      # The receiver takes a second request with the same Idempotency-Key for the first one. If it does not, remove this: then
      # a request whose answer was lost is put before a person.
      if_in_doubt: {keyed: true}
    on_error: continue

outputs:
  sent: "{{steps.send.count}}"
  failed: "{{steps.send.failures}}"
)yaml";

constexpr std::string_view tidy = R"yaml(# What lies in a folder goes into folders of its kind, and somebody gets a report. No model is needed.
deed: 1
name: tidy
description: Puts the files of a folder in order and reports it.

inputs:
  folder: {type: string, format: path, default: inbox}
  to: {type: string, format: email, description: Who gets the report}

steps:
  # What is in the folder itself; nothing below it is touched, so that what was put in order stays where it is.
  - id: files
    tool: file.list
    with: {path: "{{inputs.folder}}"}

  # A move never overwrites: a file whose name is taken stays, and the report says why. Two steps with disjoint conditions.
  - id: pictures
    for: {list: "{{steps.files.out.entries}}", key: item.path, max: 1000}
    if: "item.kind == 'file' and (item.path | lower | last(4) in ['.jpg', '.png', '.gif'] or item.path | lower | last(5) in ['.jpeg', '.webp'])"
    tool: file.move
    with: {from: "{{item.path}}", to: "{{inputs.folder}}/pictures/"}
    on_error: continue

  - id: documents
    for: {list: "{{steps.files.out.entries}}", key: item.path, max: 1000}
    if: "item.kind == 'file' and (item.path | lower | last(4) in ['.pdf', '.doc', '.odt', '.txt'] or item.path | lower | last(5) == '.docx')"
    tool: file.move
    with: {from: "{{item.path}}", to: "{{inputs.folder}}/documents/"}
    on_error: continue

  - id: after
    needs: [pictures, documents]
    tool: file.list
    with: {path: "{{inputs.folder}}"}

  - id: report
    tool: email.send
    with:
      to: ["{{inputs.to}}"]
      subject: "{{inputs.folder}}: {{steps.pictures.count}} pictures and {{steps.documents.count}} documents put away"
      text: |
        What could not be moved: {{steps.pictures.failures | json}} {{steps.documents.failures | json}}

        What is left in {{inputs.folder}} on {{run.date}}:
        {{steps.after.text}}

outputs:
  pictures: "{{steps.pictures.count}}"
  documents: "{{steps.documents.count}}"
)yaml";

constexpr std::string_view merge = R"yaml(# One mail a row of a CSV file.
deed: 1
name: merge
description: Mails everybody in a file.

inputs:
  people: {type: string, format: path, default: people.csv, description: "Columns: name, email, amount, active"}
  subject: {type: string, default: Your invoice}

steps:
  # The file is read row by row, however long it is. `key` makes each mail one effect: a run that is killed and resumed, or a file
  # to which rows were added, never mails one address twice.
  - id: mail
    for: {csv: "{{inputs.people}}", key: row.email, max: 10000, concurrency: 8}
    if: "row.active == 'yes' and row.amount | number > 0"
    tool: email.send
    with:
      to: ["{{row.email}}"]
      subject: "{{inputs.subject}}"
      text: |
        Dear {{row.name}},

        you owe us {{row.amount}} EUR as of {{run.date}}.
    # The first three are shown before they are sent, and all large ones.
    approve: {first: 3, when: "row.amount | number > 1000"}
    on_error: continue

outputs:
  sent: "{{steps.mail.count}}"
  failed: "{{steps.mail.failures}}"
)yaml";

}  // namespace

std::span<const TaskTemplate> task_templates() {
  static const std::array<TaskTemplate, 8> templates = {{
      {"digest", "three pages summed up and mailed to a team", digest},
      {"watch", "a mail when a page changes", watch},
      {"json", "fetch JSON, change it, post it record by record", json},
      {"tidy", "files of a folder into folders of their kind, and a report", tidy},
      {"merge", "one mail a row of a CSV file", merge},
      {"invoices", "one mail a row of a CSV file, with the row's PDF", invoices_template},
      {"newsletter", "one letter to many, with a link to leave", newsletter_template},
      {"answer", "a draft of an answer to each mail that comes in", answer_template},
  }};
  return templates;
}

}  // namespace deed
