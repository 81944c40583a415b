using System.Security.Cryptography;
using CloneHub.Contracts;
using CloneHub.Jobs.Vault;

namespace CloneHub.Jobs.Tests.Vault;

public sealed class JobSecretsFactoryTests : VaultWorld
{
    [Fact]
    public void Passwords_are_24_characters_that_need_no_escaping_and_never_repeat()
    {
        var all = Enumerable.Range(0, 200).Select(_ => JobSecretsFactory.New("user", new Secret("password"))).ToList();
        var passwords = all.SelectMany(secrets => new[] { secrets.ClonePassword.Reveal(), secrets.DatabasePassword.Reveal() }).ToList();
        Assert.All(passwords, password => Assert.Matches("^[A-Za-z0-9_-]{24}$", password));
        Assert.Equal(400, passwords.Distinct().Count());
    }

    [Fact]
    public void The_connector_key_is_a_P256_key_that_signs()
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(JobSecretsFactory.New("", new Secret("")).ConnectorKey.Reveal()), out _);
        Assert.Equal(256, key.KeySize);
        byte[] text = [1, 2];
        Assert.True(key.VerifyData(text, key.SignData(text, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
    }
}
