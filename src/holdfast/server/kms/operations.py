"""Every KMS operation that is served."""

from typing import Any

from holdfast.server.kms import (
    aliases,
    data_key_pairs,
    data_keys,
    encryption,
    key_state,
    keys,
    policies,
    rotation,
    tags,
)
from holdfast.server.operation import Operation

OPERATIONS: tuple[Operation[Any], ...] = (
    keys.create_key,
    keys.describe_key,
    keys.list_keys,
    keys.update_key_description,
    aliases.create_alias,
    aliases.update_alias,
    aliases.delete_alias,
    aliases.list_aliases,
    rotation.enable_key_rotation,
    rotation.disable_key_rotation,
    rotation.get_key_rotation_status,
    rotation.rotate_key_on_demand,
    rotation.list_key_rotations,
    policies.get_key_policy,
    policies.put_key_policy,
    policies.list_key_policies,
    tags.tag_resource,
    tags.untag_resource,
    tags.list_resource_tags,
    key_state.enable_key,
    key_state.disable_key,
    key_state.schedule_key_deletion,
    key_state.cancel_key_deletion,
    encryption.encrypt,
    encryption.decrypt,
    encryption.re_encrypt,
    data_keys.generate_data_key,
    data_keys.generate_data_key_without_plaintext,
    data_keys.generate_random,
    data_key_pairs.generate_data_key_pair,
    data_key_pairs.generate_data_key_pair_without_plaintext,
)
