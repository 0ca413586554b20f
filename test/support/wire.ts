import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Stands between the service and Stripe and notes what is sent, byte by byte. */
export async function startWire(target: string) {
  const sent: { path: string; body: URLSearchParams }[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    sent.push({ path: incoming.url ?? "", body: new URLSearchParams(body.toString("utf8")) });
    const { method, headers, url } = incoming;
    request(new URL(url ?? "", target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
