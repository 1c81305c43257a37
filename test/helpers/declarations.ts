import ts from 'typescript';

/** A name that an editor shows, as `Owner.name`, with the line of its declaration. */
export interface Undocumented {
  readonly name: string;
  readonly place: string;
}

/**
 * The exported names of declaration files, and the properties and methods of all types that can be reached from them, that have no
 * comment. Types of other packages are not entered.
 */
export function undocumentedNames(files: readonly string[], isOwn: (file: string) => boolean): readonly Undocumented[] {
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    skipLibCheck: true,
  });
  const checker = program.getTypeChecker();
  const found = new Map<string, Undocumented>();
  const seen = new Set<ts.Type>();

  const declarationOf = (symbol: ts.Symbol): ts.Declaration | undefined =>
    symbol.declarations?.find((declaration) => isOwn(declaration.getSourceFile().fileName));

  function check(symbol: ts.Symbol, name: string): void {
    const declaration = declarationOf(symbol);
    if (declaration === undefined || symbol.getDocumentationComment(checker).length > 0) return;
    const file = declaration.getSourceFile();
    const line = file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1;
    found.set(`${file.fileName}:${line}`, { name, place: `${file.fileName}:${line}` });
  }

  function visit(type: ts.Type, name: string): void {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) visit(part, name);
    for (const argument of typeArguments(type)) visit(argument, name);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.parameters) visit(checker.getTypeOfSymbol(parameter), name);
      visit(signature.getReturnType(), name);
    }
    for (const index of checker.getIndexInfosOfType(type)) visit(index.type, name);
    for (const property of type.getProperties()) {
      // No editor offers what is named by a symbol.
      if (declarationOf(property) === undefined || property.name.startsWith('__@')) continue;
      const own = (type.symbol as ts.Symbol | undefined)?.name ?? '__';
      const owner = type.aliasSymbol?.name ?? (own.startsWith('__') ? name : own);
      const path = `${owner}.${property.name}`;
      check(property, path);
      visit(checker.getTypeOfSymbol(property), path);
    }
  }

  function typeArguments(type: ts.Type): readonly ts.Type[] {
    const isReference = ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0;
    return isReference ? checker.getTypeArguments(type as ts.TypeReference) : [];
  }

  for (const file of files) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing.`);
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      check(symbol, symbol.name);
      visit(checker.getDeclaredTypeOfSymbol(symbol), symbol.name);
      if (symbol.valueDeclaration) visit(checker.getTypeOfSymbol(symbol), symbol.name);
    }
  }
  return [...found.values()];
}
