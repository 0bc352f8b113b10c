#!/bin/sh
# @atlaskit/editor-wikimarkup-transformer 12.2.2: encode() protects braces, "!" and "[~" of plain text and nothing else,
# so that what it wrote is read back by its own parse() as another document: "h1. Done" becomes a heading, "(/)" an emoji,
# "a -- b" gets an en dash, "+1+" is underlined, "|a|b|" is a table. An Atlassian document that goes through wiki markup
# (Jira Data Center, API version 2) does not come back as it was.
# Needs: node, npm. Exit 0 while this is so, 1 when it changed, 77 when it cannot be tried.
set -u
command -v npm >/dev/null || exit 77
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir" || exit 77
echo '{"name":"tried","version":"1.0.0"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts @atlaskit/editor-wikimarkup-transformer@12.2.2 \
  @atlaskit/adf-schema@57.7.22 >/dev/null 2>&1 || exit 77
cat >tried.js <<'T'
const { WikiMarkupTransformer } = require('@atlaskit/editor-wikimarkup-transformer');
const { defaultSchema } = require('@atlaskit/adf-schema/schema-default');
const transformer = new WikiMarkupTransformer();
for (const text of ['{code}', '!a.png!', 'h1. Done', '(/) built', 'a -- b', '+1+', '|a|b|']) {
  const content = [{ type: 'paragraph', content: [{ type: 'text', text }] }];
  const markup = transformer.encode(defaultSchema.nodeFromJSON({ type: 'doc', content }));
  const kinds = [];
  transformer.parse(markup).descendants((node) => {
    kinds.push(node.isText ? [node.text, ...node.marks.map((mark) => mark.type.name)].join(' ') : node.type.name);
  });
  console.log(`${text} => ${markup} => ${kinds.join(', ')}`);
}
T
node tried.js >out 2>err || exit 77
cat out
cat >wanted <<'T'
{code} => \{code} => paragraph, {code}
!a.png! => \!a.png\! => paragraph, !a.png!
h1. Done => h1. Done => heading, Done
(/) built => (/) built => paragraph, emoji,  built
a -- b => a -- b => paragraph, a – b
+1+ => +1+ => paragraph, 1 underline
T
head -n 6 out | cmp -s - wanted && tail -n 1 out | grep -q '=> table, tableRow'
