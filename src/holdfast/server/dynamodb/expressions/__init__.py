"""DynamoDB's expression language: text to tree, tree bound to names and values, tree evaluated."""
