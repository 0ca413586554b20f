/** Why a mail was given up that a server wouldn't have taken at any time; all other reasons are what stood in the way of every attempt. */
export const GIVEN_UP = {
  address: "address_refused",
  address_invalid: "address_invalid",
  message: "message_refused",
} as const;
