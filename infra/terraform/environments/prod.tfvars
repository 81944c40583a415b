environment = "prod"

# Where clones live; a zone of Route 53 must hold it. Yours.
domain = ""

# { you = "<ARN of your role>" }: aws sts get-caller-identity
admins = {}

# From where the API server is reached, this apply included: ["198.51.100.7/32"], the address that https://checkip.amazonaws.com shows. Empty: from inside
# the VPC only.
public_access_cidrs = []

budget_usd   = 400
budget_email = ""

# aws ssm get-parameter --name /aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/release_version
node_ami_version = null

database = { class = "db.t4g.small", multi_az = true }
