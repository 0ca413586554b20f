import { createServer } from "node:net";
import type { Config } from "../config.ts";
import { SetupError } from "../shared/errors.ts";

/**
 * Looks for all ports that a start needs before anything else is started, so that all that are taken are named at once.
 * @throws SetupError
 */
export async function assertPortsFree(config: Config): Promise<void> {
  const faults: string[] = [];
  const { host, port, sandboxStripePort } = config;
  if (await isTaken(host, port)) {
    faults.push(`PORT: ${port} on ${host} is taken by another program. Stop that one, or set PORT to a free port.`);
  }
  if (config.stripe.secretKey === null && (await isTaken("127.0.0.1", sandboxStripePort))) {
    faults.push(
      `SANDBOX_STRIPE_PORT: ${sandboxStripePort} is taken by another program, and the simulated Stripe needs it. Stop that one, or set SANDBOX_STRIPE_PORT to a free port.`,
    );
  }
  if (faults.length > 0) throw new SetupError(faults);
}

/** Whatever else is wrong with an address is told by who listens there in earnest. */
function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
