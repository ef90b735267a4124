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

/** The only metric that a query reads. */
function metricOf(query: string): string {
  const names = [...query.matchAll(/\b(?:agent_ws|nodejs|process)_\w+/g)].map(([name]) => name);
  expect(names.length, query).toBe(1);
  return names[0] ?? '';
}

/** The labels of a series of the service; `undefined` if it has no such series. */
function labelsOf(series: string): string[] | undefined {
  const row = rows.find(([name, { type }]) => series === (type === 'histogram' ? `${name}_bucket` : name));
  return row && [...(row[1].labels ?? []), 'le', 'instance'];
}

/** The labels that a query groups by. */
function groupsOf(query: string): string[] {
  return /by \(([\w, ]+)\)/.exec(query)?.[1]?.split(', ') ?? [];
}

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
      const found = metricOf(query);
      const labels = labelsOf(found);
      if (labels === undefined) expect(others, query).toContain(found);
      else expect(labels, query).toEqual(expect.arrayContaining(groupsOf(query)));
    }
  });

  it('shows every metric of the service', () => {
    const missing = rows.filter(
      ([name]) => !queries.some((query) => new RegExp(`\\b${name}(?:_bucket)?\\{`).test(query)),
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});

describe('the alert rules for Prometheus', () => {
  const text = readFileSync(join(ROOT, 'examples/metrics-alerts.yml'), 'utf8');
  const queries = [...text.matchAll(/^ +expr: (.+)$/gm)].map(([, query = '']) => query);

  it('read metrics that exist, and labels that they have', () => {
    expect(queries.length).toBe([...text.matchAll(/- alert: /g)].length);
    for (const query of queries) {
      const labels = labelsOf(metricOf(query));
      expect(labels, query).toEqual(expect.arrayContaining(groupsOf(query)));
    }
  });
});
