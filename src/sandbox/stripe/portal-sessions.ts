import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { liveCustomer } from "./customers.ts";
import { missing, notSimulated, refusal } from "./errors.ts";
import { newId } from "./ids.ts";
import { oneOf, parseParams, text, url } from "./params.ts";
import type { Routes } from "./routing.ts";
import type { World } from "./world.ts";

type Flow = Stripe.BillingPortal.Session.Flow;

/** https://docs.stripe.com/api/customer_portal/sessions/create#create_portal_session-locale */
const LOCALES =
  "auto bg cs da de el en en-AU en-CA en-GB en-IE en-IN en-NZ en-SG es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split(
    " ",
  );
const NO_DEFAULT =
  "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.";

const createParams = z.strictObject({
  configuration: text().optional(),
  customer: text(),
  flow_data: z
    .strictObject({
      after_completion: z
        .strictObject({ type: oneOf("redirect"), redirect: z.strictObject({ return_url: url() }) })
        .optional(),
      type: oneOf("payment_method_update"),
    })
    .optional(),
  locale: oneOf(...LOCALES).optional(),
  return_url: url().optional(),
});
const UNSIMULATED = ["after_expiration", "customer_account", "on_behalf_of"];

/** Deep links to the page for another card; the rest of the portal isn't simulated. https://docs.stripe.com/customer-management/portal-deep-links */
export const portalSessionRoutes: Routes = {
  "POST /v1/billing_portal/sessions": (world, { form }) => {
    const params = parseParams(createParams, form, UNSIMULATED);
    if (params.flow_data === undefined) throw notSimulated("the portal's homepage", "flow_data");
    if (liveCustomer(world, params.customer) === undefined) throw missing("customer", params.customer, "customer");
    const configuration = configurationOf(world, params.configuration);
    if (!configuration.features.payment_method_update.enabled) {
      const message = `This flow needs the feature payment_method_update in the configuration ${configuration.id}.`;
      throw refusal(null, message, "flow_data[type]");
    }
    const id = newId.portalSession();
    return world.store.put("billing_portal.session", {
      id,
      object: "billing_portal.session",
      after_expiration: null,
      configuration: configuration.id,
      created: world.now(),
      customer: params.customer,
      customer_account: null,
      flow: flowOf(params.flow_data),
      livemode: false,
      locale: params.locale ?? null,
      on_behalf_of: null,
      return_url: params.return_url ?? configuration.default_return_url,
      url: `${world.baseUrl()}/p/session/${id}`,
    });
  },
};

function configurationOf(world: World, id: string | undefined): Stripe.BillingPortal.Configuration {
  if (id === undefined) throw refusal(null, NO_DEFAULT);
  const configuration = world.store.get("billing_portal.configuration", id);
  if (configuration === undefined) throw missing("configuration", id, "configuration");
  if (!configuration.active) throw refusal(null, `The configuration ${id} is not active.`, "configuration");
  return configuration;
}

function flowOf({ type, after_completion: after }: NonNullable<z.output<typeof createParams>["flow_data"]>): Flow {
  return {
    after_completion: {
      hosted_confirmation: null,
      redirect: after?.redirect ?? null,
      type: after?.type ?? "portal_homepage",
    },
    customer_update: null,
    subscription_cancel: null,
    subscription_pause: null,
    subscription_update: null,
    subscription_update_confirm: null,
    type,
  };
}
