// Metrics for Prometheus and a dashboard for Grafana.
//
//   npm install agent-ws prom-client
//   node metrics.mjs
//   prometheus --config.file=metrics-prometheus.yml
//
// Ask something on the printed page, and open http://127.0.0.1:9090. Grafana imports metrics-dashboard.json.
//
// With an OpenTelemetry SDK the service makes spans, too: node --import ./your-sdk.mjs metrics.mjs
import http from 'node:http';
import { calculator, createAgentSocketServer, currentTime } from 'agent-ws';
import { createDemoProvider } from 'agent-ws/demo';
import { createMetrics } from 'agent-ws/metrics';
import { createTracing } from 'agent-ws/tracing';

const { PORT = '8003', METRICS_PORT = '9464' } = process.env;

const server = http.createServer();
const agent = createAgentSocketServer({
  server,
  provider: createDemoProvider(),
  tools: [calculator, currentTime],
  tracer: createTracing(),
});
server.on('request', agent.requestListener);

// At an address of their own, which is not open to everybody, and which still answers while the service stops.
const metrics = http.createServer(createMetrics(agent).listener);

// Who connected, was refused, ran which tool and approved what.
agent.audit.on('event', ({ event, principalId, tool, code }) =>
  console.error('audit', { event, principalId, tool, code }),
);

metrics.listen(Number(METRICS_PORT), '127.0.0.1', () => {
  server.listen(Number(PORT), '127.0.0.1', () => {
    console.log(`metrics at port ${metrics.address().port}`);
    console.log(`http://127.0.0.1:${server.address().port}/static/test_websocket.html`);
  });
});

process.once('SIGTERM', async () => {
  await agent.close({ drainMs: 5_000, closeCode: 'draining' });
  server.close();
  metrics.close();
  metrics.closeAllConnections();
});
