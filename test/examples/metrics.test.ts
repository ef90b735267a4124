import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ROOT } from '../helpers/build.js';
import { freePort } from '../helpers/free-port.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { endsWithFile, startExample, type Example } from './example.js';

/** metrics.mjs after one answer, and the address of its metrics. */
let example: Example;
let target: string;
const ends = endsWithFile();
beforeAll(async () => {
  const port = await freePort();
  example = await startExample('metrics.mjs', { METRICS_PORT: String(port) }, [], ends);
  target = `127.0.0.1:${port}`;
  await example.printed(`metrics at port ${port}`);
  const client = await example.connect({ negotiate: true });
  await client.ask({ type: 'streaming_query', query: 'What is 6 * 7?' });
  await client.close();
});

function hasPrometheus(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// In CI the test fails without the program.
it.skipIf(process.env['CI'] === undefined && !hasPrometheus())(
  'Prometheus reads the metrics as metrics-prometheus.yml says, and knows every query of metrics-dashboard.json',
  async () => {
    const directory = temporaryDirectory();
    const config = readFileSync(join(ROOT, 'examples/metrics-prometheus.yml'), 'utf8');
    expect(config).toContain("'127.0.0.1:9464'");
    writeFileSync(
      join(directory, 'prometheus.yml'),
      `rule_files: ['${join(ROOT, 'examples/metrics-alerts.yml')}']\n` +
        config.replace('127.0.0.1:9464', target).replace('scrape_interval: 5s', 'scrape_interval: 1s'),
    );
    const port = await freePort();
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    onTestFinished(() => void prometheus.kill('SIGKILL'));
    const query = async (expression: string): Promise<{ status: string; data: { result: unknown[] } }> => {
      const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
      return (await (await fetch(url)).json()) as { status: string; data: { result: unknown[] } };
    };
    // Two scrapes are needed for a rate.
    await vi.waitFor(async () => {
      const { data } = await query('count_over_time(agent_ws_connections_limit[1m]) > 1');
      expect(data.result).toHaveLength(1);
    });
    const rules = (await (await fetch(`http://127.0.0.1:${port}/api/v1/rules`)).json()) as {
      data: { groups: { rules: { lastError?: string }[] }[] };
    };
    const alerts = rules.data.groups.flatMap((group) => group.rules);
    expect(alerts.length).toBeGreaterThan(5);
    expect(alerts.filter(({ lastError = '' }) => lastError !== '')).toEqual([]);
    const text = readFileSync(join(ROOT, 'examples/metrics-dashboard.json'), 'utf8');
    const { panels } = JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] };
    for (const { title, targets } of panels) {
      for (const { expr } of targets) {
        const answer = await query(expr.replaceAll('$job', '.+').replaceAll(/\$__(rate_interval|range)/g, '1m'));
        expect(answer.status, title).toBe('success');
        // What did not happen has no series yet, but what one answer with a tool causes has.
        if (/runs_ended|tokens_total|token_gap|held|(?<!drain_)connections|tool_call|eventloop/.test(expr)) {
          expect(answer.data.result.length, `${title}: ${expr}`).toBeGreaterThan(0);
        }
      }
    }
  },
);

it('metrics.mjs measures its service, tells of its audit, and stops when told', async () => {
  const text = await (await fetch(`http://${target}/metrics`)).text();
  expect(text).toContain('agent_ws_runs_ended_total{kind="streaming_query",state="finished",code=""} 1');
  expect(text).toContain('agent_ws_tool_calls_total{tool="calculator",outcome="ok"} 1');
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  await example.printed("audit \\{[^}]*event: 'tool'[^}]*calculator");
  expect(await example.stop()).toBe(0);
});
