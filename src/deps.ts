import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { DB } from "./db/schema.ts";
import type { Limits } from "./http/limiter.ts";
import type { Mailer } from "./mail/mailer.ts";
import type { NewsroomConfig } from "./newsroom.ts";
import type { StripeClient } from "./stripe/client.ts";
import type { Vault } from "./vault/vault.ts";

/** Everything a use case may need. Each takes the slice that it uses: `Pick<Deps, "db" | "now">`. */
export interface Deps {
  readonly db: Kysely<DB>;
  readonly stripe: StripeClient;
  /** Product time: the wall clock plus, in the sandbox, the offset that was advanced. Never used for the books. */
  readonly now: () => Date;
  readonly log: Logger;
  readonly config: Config;
  /** The configuration of the moment: it changes when the file does, so ask anew for each request. */
  readonly newsroom: () => NewsroomConfig;
  readonly vault: Vault;
  readonly mail: Mailer;
  /** How often clients and addresses may come by. */
  readonly limits: Limits;
}
