import type { Answer } from './answer.js';
import { el, setText } from './dom.js';
import { formatMs, formatRate } from './format.js';
import type { I18n } from './i18n.js';
import type { TextKey } from './locale/texts.js';

type Entry = readonly [TextKey, string];

/** The numbers of an answer. Elements are kept while the same ones are shown, so that a running answer is cheap. */
export class AnswerMetrics {
  readonly element = el('dl', { class: 'metrics' });
  readonly #i18n: I18n;

  constructor(i18n: I18n) {
    this.#i18n = i18n;
  }

  draw(answer: Answer): void {
    const shown = [...numbers(answer), ...this.#words(answer)];
    const keys = shown.map(([key]) => key).join(' ') + this.#i18n.language;
    if (this.element.dataset['keys'] !== keys) {
      this.element.dataset['keys'] = keys;
      this.element.replaceChildren(
        ...shown.map(([key]) =>
          el('div', { 'data-metric': key.slice('metric.'.length) }, el('dt', {}, this.#i18n.t(key)), el('dd')),
        ),
      );
    }
    for (const [index, value] of [...this.element.querySelectorAll('dd')].entries()) {
      setText(value, shown[index]?.[1] ?? '');
    }
  }

  #words({ finishReason, cancelReason, vendor, model }: Answer): Entry[] {
    const reason =
      cancelReason === undefined ? undefined : (this.#i18n.maybe(`reason.${cancelReason}`) ?? cancelReason);
    const finish = join([finishReason, reason]);
    const who = join([vendor, model]);
    return [
      ...(finish === '' ? [] : [['metric.finish', finish] as const]),
      ...(who === '' ? [] : [['metric.model', who] as const]),
    ];
  }
}

/** Of what the history tells there are no times. */
function numbers(answer: Answer): Entry[] {
  const isTimed = answer.origin !== 'history' || answer.position.at > 0;
  return [...(isTimed ? times(answer) : []), ...usage(answer)];
}

function times(answer: Answer): Entry[] {
  const entries: Entry[] = [];
  const add = (key: TextKey, value: string | undefined): void => {
    if (value !== undefined) entries.push([key, value]);
  };
  if (answer.kind === 'streaming_query') {
    const { firstMs, chunksPerSecond, tokensPerSecond } = answer;
    add('metric.first', firstMs === undefined ? undefined : formatMs(firstMs));
    add('metric.chunks', answer.chunks === 0 ? undefined : String(answer.chunks));
    if (tokensPerSecond !== undefined) add('metric.tokenRate', formatRate(tokensPerSecond));
    else add('metric.chunkRate', chunksPerSecond === undefined ? undefined : formatRate(chunksPerSecond));
  }
  add('metric.elapsed', formatMs(answer.elapsedMs));
  return entries;
}

function usage({ usage }: Answer): Entry[] {
  if (usage === undefined) return [];
  const { input_tokens, output_tokens, estimated, cached_input_tokens: cached, reasoning_tokens: reasoning } = usage;
  return [
    ['metric.usage', `${estimated === true ? '≈ ' : ''}${input_tokens} → ${output_tokens}`],
    ...(cached === undefined ? [] : [['metric.cached', String(cached)] as const]),
    ...(reasoning === undefined ? [] : [['metric.reasoning', String(reasoning)] as const]),
  ];
}

function join(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(' · ');
}
