import { dotted, issueSentence, pathOf, type Refused, type SchemaIssue } from './issue-sentence.js';
import type { FieldIssue } from './agent-socket-error.js';

/** Maximum number of issues of one value, since the wrong elements of a long array resemble each other. */
const MAX_ISSUES = 16;

/** Maximum number of issues in one sentence. */
const MAX_SENTENCES = 4;

/** Maximum length of a message with the name of its field, in characters. */
const MAX_MESSAGE = 500;

/** The issues of a schema, cut to a size that can be sent: a small message may have very many issues. */
export function fieldIssues(issues: readonly SchemaIssue[], refused: Refused): FieldIssue[] {
  return issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: dotted(pathOf(issue)),
    message: issueSentence(issue, refused).slice(0, MAX_MESSAGE),
  }));
}

/** The first issues as one sentence. */
export function summary(issues: readonly FieldIssue[]): string {
  const told = issues.slice(0, MAX_SENTENCES).map(({ message }) => message);
  return (issues.length > MAX_SENTENCES ? [...told, 'and more'] : told).join('; ');
}
