import type { FieldIssue } from './agent-socket-error.js';

/** Issues told of one value. One wrong element of a long array is like the next. */
const MAX_ISSUES = 16;

/** Characters of a path and of a message. */
const MAX_LENGTH = 200;

/** An issue as Standard Schema and zod give it. */
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema found wrong, cut to a size that can be sent: a small message may have very many issues. */
export function fieldIssues(issues: readonly SchemaIssue[]): FieldIssue[] {
  return issues.slice(0, MAX_ISSUES).map(({ path = [], message }) => ({
    path: path
      .map((step) => String(typeof step === 'object' ? step.key : step))
      .join('.')
      .slice(0, MAX_LENGTH),
    message: message.slice(0, MAX_LENGTH),
  }));
}
