import { el, icon } from './dom.js';
import { formatMs } from './format.js';
import type { I18n } from './i18n.js';
import type { Failure } from './message-fields.js';

/** An error as the server told it, what its code means, and whether trying again helps. */
export function failureView(failure: Failure | undefined, i18n: I18n): HTMLElement[] {
  if (failure === undefined) return [];
  const { text, code, retryable, retryAfterMs, issues } = failure;
  const meaning = code === undefined ? undefined : i18n.maybe(`error.${code}`);
  const retry =
    retryAfterMs !== undefined
      ? i18n.t('failure.retryAfter', { time: formatMs(retryAfterMs) })
      : retryable === undefined
        ? undefined
        : i18n.t(retryable ? 'failure.retryable' : 'failure.final');
  return [
    el(
      'div',
      { class: 'failure' },
      icon('alert'),
      el(
        'div',
        {},
        el('p', { class: 'failure-text' }, code === undefined ? null : el('code', {}, code), text),
        el('p', { class: 'failure-meaning' }, [meaning, retry].filter((part) => part !== undefined).join(' ')),
        ...issues.map((issue) => el('p', { class: 'failure-issue' }, issue.message)),
      ),
    ),
  ];
}
