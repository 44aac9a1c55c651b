"""What users and roles have on AWS and never have here, for clients that look before they change.

The Terraform AWS provider does, when it reads a role and when it destroys a role or a user.
"""

from holdfast.server.iam.lookup import named_role, named_user, no_such
from holdfast.server.operation import Params, Result, Snapshot, Transaction, operation


@operation("ListAttachedUserPolicies")
def list_attached_user_policies(tx: Snapshot, params: Params) -> Result:
    """List no managed policies: all policies are written into users."""
    named_user(tx, params)
    return {"AttachedPolicies": [], "IsTruncated": False}


@operation("ListAttachedRolePolicies")
def list_attached_role_policies(tx: Snapshot, params: Params) -> Result:
    """List no managed policies: all policies are written into roles."""
    named_role(tx, params)
    return {"AttachedPolicies": [], "IsTruncated": False}


@operation("ListGroupsForUser")
def list_groups_for_user(tx: Snapshot, params: Params) -> Result:
    """List no groups."""
    named_user(tx, params)
    return {"Groups": [], "IsTruncated": False}


@operation("ListInstanceProfilesForRole")
def list_instance_profiles_for_role(tx: Snapshot, params: Params) -> Result:
    """List no instance profiles."""
    named_role(tx, params)
    return {"InstanceProfiles": [], "IsTruncated": False}


@operation("ListMFADevices")
def list_mfa_devices(_tx: Snapshot, _params: Params) -> Result:
    """List no devices."""
    return {"MFADevices": [], "IsTruncated": False}


@operation("ListSSHPublicKeys")
def list_ssh_public_keys(_tx: Snapshot, _params: Params) -> Result:
    """List no keys."""
    return {"SSHPublicKeys": [], "IsTruncated": False}


@operation("ListSigningCertificates")
def list_signing_certificates(_tx: Snapshot, _params: Params) -> Result:
    """List no certificates."""
    return {"Certificates": [], "IsTruncated": False}


@operation("ListServiceSpecificCredentials")
def list_service_specific_credentials(_tx: Snapshot, _params: Params) -> Result:
    """List no credentials."""
    return {"ServiceSpecificCredentials": []}


@operation("ListVirtualMFADevices")
def list_virtual_mfa_devices(_tx: Snapshot, _params: Params) -> Result:
    """List no devices."""
    return {"VirtualMFADevices": [], "IsTruncated": False}


@operation("DeleteLoginProfile", writes=True)
def delete_login_profile(tx: Transaction, params: Params) -> Result:
    """Say that there is no password: nobody has one."""
    name = named_user(tx, params).name
    raise no_such("Login Profile for User", name)
