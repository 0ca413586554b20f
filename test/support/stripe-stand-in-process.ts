import { memoryClock } from "../../src/sandbox/clock.ts";
import { startStripeStandIn } from "../../src/sandbox/stripe/server.ts";

/** A simulated Stripe in a process of its own, to be killed: tells its parent the port. */
const [stateFile = ""] = process.argv.slice(2);
const standIn = await startStripeStandIn({
  port: 0,
  stateFile,
  clock: memoryClock(),
  webhook: null,
  environment: "development",
});
process.send?.(standIn.port);
