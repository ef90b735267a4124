import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricInfo } from '../../src/telemetry/metric-table.js';
import { ROOT } from '../helpers/build.js';

const PAGE = join(ROOT, 'docs/operating.md');
const rows: readonly (readonly [string, MetricInfo])[] = Object.entries(METRICS);

describe('docs/operating.md', () => {
  // `vitest run test/docs/metrics.test.ts -u` writes the table anew.
  it('has the table of metrics', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const head = '| metric | type | labels | what it is |\n|---|---|---|---|';
    const lines = rows.map(([name, { type, labels = [], help }]) => {
      return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
    });
    const filled = page.replace(
      /<!-- table: metrics -->\n[^]*?<!-- end -->/,
      () => `<!-- table: metrics -->\n\n${[head, ...lines].join('\n')}\n\n<!-- end -->`,
    );
    expect(filled).toContain(lines[0]);
    await expect(filled).toMatchFileSnapshot(PAGE);
  });
});

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

describe('the dashboard for Grafana', () => {
  const text = readFileSync(join(ROOT, 'examples/metrics-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as Dashboard;
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

  it('reads metrics that exist, and groups by labels that they have', () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry });
    const others = registry.getMetricsAsArray().map(({ name }) => name);
    for (const query of queries) {
      const names = [...query.matchAll(/\b(?:agent_ws|nodejs|process)_\w+/g)].map(([name]) => name);
      expect(names.length, query).toBe(1);
      const [found = ''] = names;
      const row = rows.find(([name, { type }]) => found === (type === 'histogram' ? `${name}_bucket` : name));
      if (row === undefined) {
        expect(others, query).toContain(found);
        continue;
      }
      const { labels = [] } = row[1];
      const by = /by \(([\w, ]+)\)/.exec(query)?.[1]?.split(', ') ?? [];
      expect([...labels, 'le'], query).toEqual(expect.arrayContaining(by));
    }
  });

  it('shows every metric of the service', () => {
    const missing = rows.filter(
      ([name]) => !queries.some((query) => new RegExp(`\\b${name}(?:_bucket)?\\{`).test(query)),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});
