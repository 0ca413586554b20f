import { z } from "zod";
import type { Stripe } from "../../stripe/types.ts";
import { newId } from "./ids.ts";
import { list, pageParams } from "./list.ts";
import {
  boolean,
  clearable,
  mergeMetadata,
  metadata,
  newMetadata,
  parseParams,
  url,
  withoutUndefined,
} from "./params.ts";
import { found, type Routes } from "./routing.ts";
import { change, type World } from "./world.ts";

const KIND = "billing_portal.configuration";

const feature = z.strictObject({ enabled: boolean() }).optional();
const features = z.strictObject({ invoice_history: feature, payment_method_update: feature });
const changeable = {
  business_profile: z
    .strictObject({
      headline: clearable(60).optional(),
      privacy_policy_url: url().optional(),
      terms_of_service_url: url().optional(),
    })
    .optional(),
  default_return_url: url().optional(),
  metadata: metadata().optional(),
  name: clearable(250).optional(),
};
const createParams = z.strictObject({ ...changeable, features });
const updateParams = z.strictObject({ ...changeable, active: boolean().optional(), features: features.optional() });
const listParams = z.strictObject({ ...pageParams, active: boolean().optional(), is_default: boolean().optional() });

const UNSIMULATED = [
  "features[customer_update]",
  "features[subscription_cancel]",
  "features[subscription_pause]",
  "features[subscription_update]",
  "features[payment_method_update][payment_method_configuration]",
  "login_page",
];

/** https://docs.stripe.com/api/customer_portal/configurations: what isn't asked for is off; the account's default is made in the Dashboard alone. */
export const portalConfigurationRoutes: Routes = {
  "POST /v1/billing_portal/configurations": (world, { form }) => {
    const params = parseParams(createParams, form, UNSIMULATED);
    return world.store.put(KIND, {
      id: newId.portalConfiguration(),
      object: KIND,
      active: true,
      application: null,
      business_profile: {
        headline: null,
        privacy_policy_url: null,
        terms_of_service_url: null,
        ...withoutUndefined(params.business_profile ?? {}),
      },
      created: world.now(),
      default_return_url: params.default_return_url ?? null,
      features: featuresOf(params.features),
      is_default: false,
      livemode: false,
      login_page: { enabled: false, url: null },
      metadata: newMetadata(params.metadata),
      name: params.name ?? null,
      updated: world.now(),
    });
  },
  "POST /v1/billing_portal/configurations/:id": (world, { id, form }) => update(world, id, form),
  "GET /v1/billing_portal/configurations": (world, { form }) => {
    const { active, is_default: isDefault, ...page } = parseParams(listParams, form);
    return list(world, KIND, "/v1/billing_portal/configurations", page, {
      where: (it) =>
        (active === undefined || it.active === active) && (isDefault === undefined || it.is_default === isDefault),
    });
  },
  "GET /v1/billing_portal/configurations/:id": (world, { id }) => found(world, KIND, id),
};

function update(world: World, id: string, form: Parameters<typeof parseParams>[1]) {
  const before = found(world, KIND, id);
  const {
    business_profile: profile,
    features: asked,
    metadata: sent,
    ...rest
  } = parseParams(updateParams, form, UNSIMULATED);
  return change(world, KIND, before, {
    ...withoutUndefined(rest),
    business_profile: { ...before.business_profile, ...withoutUndefined(profile ?? {}) },
    features: asked === undefined ? before.features : featuresOf(asked, before.features),
    metadata: sent === undefined ? before.metadata : mergeMetadata(before.metadata ?? {}, sent),
    updated: world.now(),
  });
}

type Features = Stripe.BillingPortal.Configuration.Features;

const ALL_OFF: Features = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: false,
    mode: "at_period_end",
    proration_behavior: "none",
  },
  subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    proration_behavior: "none",
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: "end_trial",
  },
};

function featuresOf(asked: z.output<typeof features>, before = ALL_OFF): Features {
  return {
    ...before,
    invoice_history: { ...before.invoice_history, ...asked.invoice_history },
    payment_method_update: { ...before.payment_method_update, ...asked.payment_method_update },
  };
}
