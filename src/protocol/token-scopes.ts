/** What a personal access token may be made for. An API key has none of these, and may do whatever its user may. */
export const TOKEN_SCOPES = [
  'mx:deployment:read',
  'mx:deployment:write',
  'mx:modelrepository:repo:read',
  'mx:webhook:read',
  'mx:webhook:write',
] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];
