import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { drainTimes } from '../../src/cli/drain-times.js';
import { createProgram, type Flags } from '../../src/cli/program.js';
import { resolveSettings, type ResolvedSettings } from '../../src/cli/settings.js';
import { ROOT } from '../helpers/build.js';

const read = (name: string): string => readFileSync(join(ROOT, 'examples/deploy', name), 'utf8');

/** What the command makes of its arguments; fails if it does not know one of them. */
async function settingsOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ResolvedSettings> {
  let flags: Flags | undefined;
  const take = (given: Flags): Promise<void> => {
    flags = given;
    return Promise.resolve();
  };
  const unexpected = (): never => {
    throw new Error('Another command');
  };
  const program = createProgram({ serve: take, worker: take, chat: unexpected, store: unexpected });
  await program.parseAsync([...args], { from: 'user' });
  return resolveSettings({ flags: flags ?? {}, environment, dotEnv: {} });
}

/** How long a process with these settings may take to end, in seconds. */
function endOf({ settings }: ResolvedSettings): number {
  const { delayMs, drainMs } = drainTimes(settings, true);
  return (delayMs + drainMs) / 1_000 + 10;
}

interface Service {
  readonly command: string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
  readonly networks?: { readonly default: { readonly ipv4_address: string } };
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: {
    readonly default: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } };
  };
}

const NODES = ['agent-1', 'agent-2', 'agent-3'];

describe('compose.yaml', () => {
  const { services, networks } = parse(read('compose.yaml'), { merge: true }) as Compose;

  it.each([...NODES, 'worker'])(
    'starts %s with arguments that the command knows, and lets it end in its time',
    async (name) => {
      const { command = [], stop_grace_period: grace = '' } = services[name] ?? {};
      const resolved = await settingsOf(command);
      expect(resolved.settings.redis).toBe('redis://redis:6379');
      expect(command[0]).toBe(name === 'worker' ? 'worker' : 'serve');
      expect(Number(/^(\d+)m$/.exec(grace)?.[1]) * 60).toBeGreaterThanOrEqual(endOf(resolved));
    },
  );

  it('starts nothing before what it needs', () => {
    for (const { depends_on: needed = {} } of Object.values(services)) {
      expect(Object.keys(services)).toEqual(expect.arrayContaining(Object.keys(needed)));
    }
    expect(Object.keys(services['nginx']?.depends_on ?? {})).toEqual(NODES);
  });

  it('gives each node an address that stays, in the network whose proxies they trust', async () => {
    const subnet = networks.default.ipam.config[0]?.subnet ?? '';
    const addresses = NODES.map((name) => services[name]?.networks?.default.ipv4_address ?? '');
    expect(new Set(addresses).size).toBe(NODES.length);
    for (const address of addresses) expect(address.startsWith(subnet.slice(0, subnet.lastIndexOf('.')))).toBe(true);
    const { settings } = await settingsOf(services['agent-1']?.command ?? []);
    expect(settings.trustedProxies).toEqual([subnet]);
  });

  it('keeps what Redis has', () => {
    expect(services['redis']?.command).toEqual([
      'redis-server',
      '--appendonly',
      'yes',
      '--maxmemory-policy',
      'noeviction',
    ]);
    expect(services['redis']?.volumes).toEqual(['redis:/data']);
  });
});

describe.each(['nginx.conf', 'haproxy.cfg'])('%s', (name) => {
  it('knows every node of compose.yaml', () => {
    const nodes = [...read(name).matchAll(/^ *server (?:\S+ )?(agent-\d):8003\b/gm)].map((match) => match[1]);
    expect(nodes).toEqual(NODES);
  });
});

interface Container {
  readonly args: string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly [probe: `${string}Probe`]: { readonly httpGet?: { readonly path: string; readonly port: string } };
}

interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: Readonly<Record<string, unknown>>;
    readonly strategy?: unknown;
    readonly scaleTargetRef?: { readonly name: string };
    readonly ports?: readonly { readonly targetPort?: string }[];
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly [Container] };
    };
  };
}

describe('kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'));
  const resources = documents.map((document) => document.toJS() as Resource);
  const find = (kind: string, name: string): Resource => {
    const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name);
    if (found === undefined) throw new Error(`No ${kind} ${name}`);
    return found;
  };
  const environment = find('Secret', 'agent').stringData ?? {};

  it('is YAML without an error', () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  });

  it.each(['agent', 'agent-worker'])(
    'starts %s with arguments that the command knows, and lets it end in its time',
    async (name) => {
      const { spec } = find('Deployment', name);
      const [container] = spec.template.spec.containers;
      const resolved = await settingsOf(container.args, environment);
      expect(resolved.settings.redis).toBe('redis://redis:6379');
      expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(endOf(resolved));
      expect(spec.selector).toEqual({ matchLabels: spec.template.metadata.labels });
      expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    },
  );

  it('waits at the end until nobody sends new connections', async () => {
    const [container] = find('Deployment', 'agent').spec.template.spec.containers;
    expect((await settingsOf(container.args)).settings.delayMs).toBe(5_000);
  });

  it('asks what the service answers, at ports that it has', () => {
    const [container] = find('Deployment', 'agent').spec.template.spec.containers;
    const ports = (container.ports ?? []).map(({ name }) => name);
    const paths = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => {
      const { path = '', port = '' } = container[probe as 'startupProbe']?.httpGet ?? {};
      expect(ports).toContain(port);
      return path;
    });
    expect(paths).toEqual(['/healthz', '/readyz', '/healthz']);
    expect(container.ports?.[0]).toEqual({ name: 'http', containerPort: 8003 });
    expect(find('Service', 'agent').spec.ports?.[0]?.targetPort).toBe('http');
  });

  it('sends to pods that there are', () => {
    const { labels } = find('Deployment', 'agent').spec.template.metadata;
    expect(find('Service', 'agent').spec.selector).toEqual(labels);
    expect(find('PodDisruptionBudget', 'agent').spec.selector).toEqual({ matchLabels: labels });
    expect(find('HorizontalPodAutoscaler', 'agent').spec.scaleTargetRef?.name).toBe('agent');
    expect(find('Service', 'redis').spec.selector).toEqual(find('StatefulSet', 'redis').spec.template.metadata.labels);
    expect(find('StatefulSet', 'redis').spec.template.spec.containers[0].args).toEqual([
      'redis-server',
      '--appendonly',
      'yes',
      '--maxmemory-policy',
      'noeviction',
    ]);
  });
});

it('Dockerfile starts the command itself, so that it gets the signals', () => {
  expect(read('Dockerfile')).toContain('ENTRYPOINT ["node", "node_modules/agent-ws/bin/agent-ws.js"]');
});
