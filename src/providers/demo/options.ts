import type { OptionTable } from '../../runtime/option-table.js';
import { must } from '../../runtime/rule.js';

/** What `createDemoProvider` takes. */
export interface DemoProviderOptions {
  /**
   * How fast the answer streams, in word-like tokens per second; `0` for no delay at all.
   * @default 40
   */
  tokensPerSecond?: number | undefined;
}

export const DEMO_PROVIDER_OPTIONS = {
  tokensPerSecond: {
    text: 'How fast the answer streams, in word-like tokens per second; `0` for no delay at all.',
    rule: must('a number of at least 0', (value) => Number.isFinite(value) && (value as number) >= 0),
    default: 40,
  },
} as const satisfies OptionTable<DemoProviderOptions>;
