import { ERROR_CODES, type ErrorCodeInfo } from '../../protocol/error-codes.js';
import type { AgentClientError } from '../../client/index.js';
import type { ChatError } from '../../client/react.js';
import { formatMs } from '../ui/format.js';
import { useI18n } from '../ui/i18n.js';
import { Icon } from '../ui/icon.js';

/** An error as the server told it, what its code means, and whether trying again helps. */
export function Failure({ error }: { readonly error: AgentClientError | ChatError | undefined }) {
  const { t, maybe } = useI18n();
  if (error === undefined) return null;
  const { code, message, retryAfterMs } = error;
  // The history keeps no more than the code and the sentence.
  const codes: Readonly<Record<string, ErrorCodeInfo>> = ERROR_CODES;
  const retryable = error.retryable ?? codes[code]?.retryable;
  const retry =
    retryAfterMs !== undefined
      ? t('failure.retryAfter', { time: formatMs(retryAfterMs) })
      : retryable !== undefined && t(retryable ? 'failure.retryable' : 'failure.final');
  const issues = 'issues' in error ? (error.issues ?? []) : [];
  return (
    <div class="failure note" data-tone="bad">
      <Icon name="alert" />
      <div class="grow">
        <p>
          <code>{code}</code> <b>{message}</b>
        </p>
        <p class="soft">{[maybe(`error.${code}`), retry].filter(Boolean).join(' ')}</p>
        {issues.map((issue) => (
          <p key={issue.path}>{issue.message}</p>
        ))}
      </div>
    </div>
  );
}
