"""Why each step is there, for plans and findings."""

WHY = {
    "key": "the states are encrypted with a key of yours, whose use can be allowed and traced",
    "key.tags": "they say that bootstrap made it, so that it may change and remove it",
    "key.state": "with a key that is not enabled no state can be read",
    "key.rotation": "new data is encrypted with new material every year; old data stays readable",
    "key.alias": "the name by which people and backend blocks find the key",
    "bucket": "it holds the states",
    "bucket.tags": "they say that bootstrap made it, so that it may change and remove it",
    "bucket.public-access": "states hold secrets; no policy or ACL can make them public",
    "bucket.ownership": "the account owns every object, whoever wrote it, and ACLs are off",
    "bucket.versioning": "every write keeps the version before it: without it nothing can be restored",
    "bucket.encryption": "objects are encrypted even if a client does not ask for it",
    "bucket.lifecycle": "old versions, released lock files and broken uploads do not pile up",
    "bucket.policy": "what would weaken the bucket is denied to everybody, whatever else allows it",
    "bucket.logging": "S3 logs who read and wrote what",
    "table": "it holds the locks, and the digests that tell a state was changed behind Terraform",
    "table.tags": "they say that bootstrap made it, so that it may change and remove it",
    "table.billing": "a few requests for each run cost next to nothing, and none is ever throttled",
    "table.encryption": "locks say who works on what, and from which machine",
    "table.recovery": "the digests of any second of the last 35 days can be brought back",
    "table.protection": "nobody deletes the table by mistake",
}
