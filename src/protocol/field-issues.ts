import { dotted, issueSentence, pathOf, type Refused, type SchemaIssue } from './issue-sentence.js';
import type { FieldIssue } from './agent-socket-error.js';

/** Issues told of one value. One wrong element of a long array is like the next. */
const MAX_ISSUES = 16;

/** Issues told in one sentence. */
const MAX_SENTENCES = 4;

/** Characters of a message, its field's name included. */
const MAX_MESSAGE = 500;

/** What a schema found wrong, cut to a size that can be sent: a small message may have very many issues. */
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
