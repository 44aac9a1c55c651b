"""The operations of IAM that are served."""

from typing import Any

from holdfast.server.iam.absent import (
    delete_login_profile,
    list_attached_role_policies,
    list_attached_user_policies,
    list_groups_for_user,
    list_instance_profiles_for_role,
    list_mfa_devices,
    list_service_specific_credentials,
    list_signing_certificates,
    list_ssh_public_keys,
    list_virtual_mfa_devices,
)
from holdfast.server.iam.access_keys import (
    create_access_key,
    delete_access_key,
    list_access_keys,
    update_access_key,
)
from holdfast.server.iam.role_policies import (
    delete_role_policy,
    get_role_policy,
    list_role_policies,
    put_role_policy,
)
from holdfast.server.iam.role_tags import list_role_tags, tag_role, untag_role
from holdfast.server.iam.roles import (
    create_role,
    delete_role,
    get_role,
    list_roles,
    update_assume_role_policy,
    update_role,
    update_role_description,
)
from holdfast.server.iam.simulate import simulate_principal_policy
from holdfast.server.iam.user_policies import (
    delete_user_policy,
    get_user_policy,
    list_user_policies,
    put_user_policy,
)
from holdfast.server.iam.user_tags import list_user_tags, tag_user, untag_user
from holdfast.server.iam.users import create_user, delete_user, get_user, list_users, update_user
from holdfast.server.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    create_access_key,
    create_role,
    create_user,
    delete_access_key,
    delete_login_profile,
    delete_role,
    delete_role_policy,
    delete_user,
    delete_user_policy,
    get_role,
    get_role_policy,
    get_user,
    get_user_policy,
    list_access_keys,
    list_attached_role_policies,
    list_attached_user_policies,
    list_groups_for_user,
    list_instance_profiles_for_role,
    list_mfa_devices,
    list_role_policies,
    list_role_tags,
    list_roles,
    list_service_specific_credentials,
    list_signing_certificates,
    list_ssh_public_keys,
    list_user_policies,
    list_user_tags,
    list_users,
    list_virtual_mfa_devices,
    put_role_policy,
    put_user_policy,
    simulate_principal_policy,
    tag_role,
    tag_user,
    untag_role,
    untag_user,
    update_access_key,
    update_assume_role_policy,
    update_role,
    update_role_description,
    update_user,
)
