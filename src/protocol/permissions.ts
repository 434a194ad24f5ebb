import { type Static, Type } from 'typebox';
import { Nullable } from './nullable.ts';

/** What a user may be given on an app or on one of its environments: the words of the wire, and their names. */
export const RIGHTS = {
  permissions: 'Manage Permissions',
  transport: 'Transport Rights',
  api: 'API Rights',
  alerts: 'Receive Alerts',
  monitoring: 'Access to Monitoring',
  backups: 'Access to Backups',
} as const;
export type Right = keyof typeof RIGHTS;
export const RIGHT_WORDS = Object.keys(RIGHTS) as readonly Right[];

/** What is given where nothing else is said: building, and deploying where it is not Production. */
export const USUAL_RIGHTS = ['api', 'transport'] as const satisfies readonly Right[];

const RightsSchema = (description: string) =>
  Type.Array(Type.Enum([...RIGHT_WORDS], { type: 'string' }), { description });

export const PermissionSchema = Type.Object({
  Login: Type.String(),
  Name: Type.String({ description: 'Display name of the user.' }),
  Environment: Nullable(
    Type.String({ description: 'Its mode; null for every environment where the user has no rights of its own.' }),
  ),
  Rights: RightsSchema('Empty where the user may do nothing.'),
});
export type WirePermission = Static<typeof PermissionSchema>;

/** Who may do what. Admins may everything, and are not listed for that. */
export const PermissionsSchema = Type.Object({
  TechnicalContact: Nullable(Type.String({ description: 'Login of who manages the permissions everywhere.' })),
  Permissions: Type.Array(PermissionSchema),
});
export type WirePermissions = Static<typeof PermissionsSchema>;

export const SetPermissionsSchema = Type.Object({ Rights: RightsSchema('All that the user then has there.') });

export const ChangePermissionsSchema = Type.Object({
  Grant: Type.Optional(RightsSchema('To be added.')),
  Revoke: Type.Optional(RightsSchema('To be taken away, after that.')),
});
export type ChangePermissions = Static<typeof ChangePermissionsSchema>;
