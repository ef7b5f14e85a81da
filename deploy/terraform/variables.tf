variable "domain" {
  description = "The domain in handles, as example.org; it stays for good"
  type        = string
}

variable "web_domain" {
  description = "The domain of the server itself, as social.example.org; empty: the domain in handles"
  type        = string
  default     = ""
}

variable "zone" {
  description = "The hosted zone in Route 53 that the domain of the server belongs to, as example.org"
  type        = string
}

variable "dns_at_boot" {
  description = "Let the server write its own addresses into that zone when it starts and when they change, by a role of the machine"
  type        = bool
  default     = false
}

variable "handle" {
  description = "The owner's name in the handle, as me"
  type        = string
}

variable "email" {
  description = "The owner's e-mail address"
  type        = string
}

variable "package_url" {
  description = "Where the Debian package for arm64 lies that script/release made"
  type        = string
}

variable "region" {
  description = "The region of Amazon Web Services"
  type        = string
  default     = "eu-central-1"
}

variable "instance_type" {
  description = "The machine; with another architecture than arm64 change image and package, too"
  type        = string
  default     = "t4g.nano"
}

variable "aurora" {
  description = "Keep everything in Aurora Serverless v2 instead of SQLite on the machine's disk"
  type        = bool
  default     = false
}

variable "database_password" {
  description = "The password of the database, of letters and digits; only with aurora. Whoever may read the machine's user data reads it"
  type        = string
  default     = ""
  sensitive   = true
}

variable "bucket" {
  description = "The name of a bucket for pictures and films, to be made; empty: they lie on the machine's disk"
  type        = string
  default     = ""
}
