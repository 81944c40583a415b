using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace CloneHub.Jobs.Vault;

/// <summary>
/// The keys that wrap every job's own key, from a file with one <c>version:base64 of 32 bytes</c> a line, the newest first.
/// To rotate: put a line with a higher version on top and restart the nodes one after the other. New jobs take the new key, older jobs
/// open with the key that they were sealed with. Remove the old line no sooner than the last job sealed with it has ended; until then a
/// repeated Idempotency-Key from before the rotation is recognised as well.
/// </summary>
internal sealed partial class MasterKeys : IDisposable
{
    private const int KeyBytes = 32;
    private const int AlreadyExists = 17; // EEXIST
    private static ReadOnlySpan<byte> Blank => " \t\r"u8;

    private readonly List<(uint Version, byte[] Key)> _keys;

    private MasterKeys(List<(uint Version, byte[] Key)> keys) => _keys = keys;

    public uint NewestVersion => _keys[0].Version;

    public IReadOnlyList<uint> Versions => [.. _keys.Select(key => key.Version)];

    /// <summary>A key for one purpose, derived from a master key, so that no key is ever used for two things. The caller erases it.</summary>
    public byte[] Derive(uint version, string purpose)
    {
        var master = _keys.Find(key => key.Version == version).Key
            ?? throw new SecretsUnreadableException($"The master key file has no key of version {version}.");
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, master, KeyBytes, info: Encoding.UTF8.GetBytes(purpose));
    }

    /// <summary>For a node of its own: makes the file if there is none, and accepts it only while nobody but its owner may read it.</summary>
    public static MasterKeys LoadOrCreate(string path)
    {
        if (!File.Exists(path)) Create(path);
        return Load(path, forbidden: UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);
    }

    /// <summary>For a mounted secret, which must exist. Its group may read it: Kubernetes gives a pod's group that right and knows no owner but root.</summary>
    public static MasterKeys LoadMounted(string path) =>
        Load(path, forbidden: UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

    public void Dispose()
    {
        foreach (var (_, key) in _keys) CryptographicOperations.ZeroMemory(key);
    }

    private static MasterKeys Load(string path, UnixFileMode forbidden)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & forbidden) is not UnixFileMode.None and var mode)
        {
            throw new InvalidDataException($"{path}: the master key may not be open to others ({mode}). Put it right with: chmod 600 {path}");
        }

        var text = new byte[file.Length];
        file.ReadExactly(text);
        try
        {
            return Parse(text, path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static MasterKeys Parse(ReadOnlySpan<byte> text, string path)
    {
        var keys = new List<(uint, byte[])>();
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range].Trim(Blank);
            if (!line.IsEmpty) keys.Add(ParseLine(line, $"{path}, line {number}"));
        }

        if (keys.Count == 0) throw new InvalidDataException($"{path}: holds no master key.");
        if (keys.DistinctBy(key => key.Item1).Count() != keys.Count) throw new InvalidDataException($"{path}: holds a version twice.");
        return new MasterKeys(keys);
    }

    /// <summary>A line without a version is the one that <c>openssl rand -base64 32</c> prints: version 1.</summary>
    private static (uint Version, byte[] Key) ParseLine(ReadOnlySpan<byte> line, string place)
    {
        var colon = line.IndexOf((byte)':');
        var version = 1u;
        if (colon >= 0 && !uint.TryParse(line[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out version))
        {
            throw new InvalidDataException($"{place}: expected version:key with a number as version.");
        }

        var key = new byte[KeyBytes];
        return Base64.DecodeFromUtf8(line[(colon + 1)..], key, out _, out var length) == OperationStatus.Done && length == KeyBytes
            ? (version, key)
            : throw new InvalidDataException($"{place}: expected {KeyBytes} bytes in base 64.");
    }

    /// <summary>Written whole and flushed under another name first: a key that is half on the disk would lose every job sealed with it.</summary>
    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(draft, options))
        {
            file.Write(Encoding.ASCII.GetBytes($"1:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))}\n"));
            file.Flush(flushToDisk: true);
        }

        // Not File.Move, which looks first and renames then: of two at once each would win, and the first one's jobs could never be opened.
        var fault = Link(draft, path) == 0 ? 0 : Marshal.GetLastPInvokeError();
        File.Delete(draft);

        // If another process was first, its key counts.
        if (fault is not 0 and not AlreadyExists)
            throw new IOException($"{path}: the master key could not be put there: {Marshal.GetPInvokeErrorMessage(fault)}.");
    }

    /// <summary>Gives a file a second name, unless that name is taken.</summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string name);
}
